namespace RewardKit.Scripting.Tests

open System
open System.IO
open System.Runtime.CompilerServices
open System.Threading
open NUnit.Framework
open RewardKit
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Plugins
open RewardKit.Training
open TorchSharp

/// What a script defines itself, through the real compiler and the real runner; only the models are not real.
module InlineTests =
    let private script =
        """
#load "rewardkit.fsx"
open System.Linq
open RewardKit

let pairs = Data.hhRlhf "data"

/// Passes on the pairs whose chosen response is long enough.
let longer (least: int) =
    Inline.augmenter
        "longer"
        { new IAugmenter with
            member _.Needs = AugmenterNeeds.None

            member _.AugmentAsync(examples, context, _) =
                context.Count("longer.asked", 1L)
                examples.Where(fun example -> example.Chosen.LastContent.Length >= least) }

let hinge =
    Inline.loss
        "hinge"
        { new ILoss with
            member _.Needs = ForwardNeeds.Rewards
            member _.Compute(_, forward) = LossResult(forward.Rewards.sum ()) }

let gap =
    { new IEvaluator with
        member _.EvaluateAsync(context, cancellation) =
            task {
                let scores = context.Scorer.ScorePairs(context.Pairs, cancellation)
                let margins = scores |> Seq.map _.Margin |> List.ofSeq
                return EvaluationReport(readOnlyDict [ "mean", Measurement(List.average margins, margins) ], [])
            } }

for least in [ 2; 3 ] do
    experiment "own" {
        model (Model.load "model")
        train pairs.Train
        arm "hinge" [ longer least; hinge ]
        evaluate [ Inline.evaluator "gap" pairs.Test gap ]
        seeds [ 1 ]
        output "out"
    }
    |> Experiment.run
    |> Report.html "pages/own.html"
"""

    /// A model that scores a text by its length, and says what it was asked to train on.
    let private models (trained: ResizeArray<string>) =
        { new IModelWork with
            member _.Train(_, loss, examples, _, _, checkpoint, _) =
                trained.Add $"{loss.Needs} of {examples.Count}"
                Directory.CreateDirectory checkpoint |> ignore
                File.WriteAllText(Path.Combine(checkpoint, "weights"), "")
                TrainingLog([| StepLog(1, 0.1, 1.0, readOnlyDict [ "loss", 0.5 ]) |], 0L, 0L, 0.1)

            member _.Load(name, _, _) =
                { new ITrainedModel with
                    member _.Name = name
                    member _.Score(requests, _) = [| for request in requests -> float request.Response.LastContent.Length |]
                    member _.Dispose() = () }

            member _.Versions = readOnlyDict []
            member _.Environment = readOnlyDict [] }

    let private silent =
        { new IExperimentProgress with
            member _.Started(_, _) = ()
            member _.Advanced(_, _, _) = ()
            member _.Finished _ = ()
            member _.Failed _ = ()
            member _.Noted(_, _, _) = () }

    /// A folder with data, in which experiments are run without any plugin.
    let private workspace (trained: ResizeArray<string>) =
        let space = new Workspace()

        let pair (chosen: string) =
            $"""{{"chosen": "\n\nHuman: q\n\nAssistant: {chosen}", "rejected": "\n\nHuman: q\n\nAssistant: r"}}"""

        space.Write("data/train.jsonl", lines [ pair "a"; pair "bb"; pair "ccc" ])
        space.Write("data/test.jsonl", lines [ pair "ddd"; pair "eeeee" ])
        space.Write("model/config.json", "{}")
        space.Write("a.fsx", script)

        space.Answer <-
            fun specification ->
                use plugins = PluginHost(PluginCatalog.Of([])).Open()
                ExperimentRunner(plugins, models trained).Run(specification, RunnerOptions(), silent, CancellationToken.None)

        space

    [<Test>]
    let ``own augmenter, loss and evaluator work together, and the page goes where the script says`` () =
        let trained = ResizeArray()
        use space = workspace trained
        space.Run "a.fsx"
        Assert.That(space.Warnings, Is.Empty)
        Assert.That(trained, Expect.equal [ "Rewards of 2"; "Rewards of 1" ])
        let run = File.ReadAllText(space.Path "out/hinge/seed-1/run.json")
        // Three and five letters against one.
        Assert.That(run, Does.Match """"gap/mean":\s*\{\s*"value":\s*3,""")
        let page = File.ReadAllText(space.Path "pages/own.html")
        Assert.That(page, Does.Contain "hinge (in the script)")

    [<Test>]
    let ``runs are found again until the script, what it loads or its arguments change`` () =
        let trained = ResizeArray()
        use space = workspace trained
        let one = script.Replace("[ 2; 3 ]", "[ 2 ]")

        let trainsAgain change =
            let before = trained.Count
            change ()
            trained.Count > before

        space.Write("a.fsx", one)
        Assert.That(trainsAgain (fun () -> space.Run "a.fsx"))
        Assert.That(trainsAgain (fun () -> space.Run "a.fsx"), Is.False)
        Assert.That(trainsAgain (fun () -> space.RunWith("a.fsx", [ "x" ])))
        Assert.That(trainsAgain (fun () -> space.RunWith("a.fsx", [ "x" ])), Is.False)

        space.Write("b.fsx", lines [ "module B"; "let least = 2" ])
        space.Write("a.fsx", one.Replace("open System.Linq", "#load \"b.fsx\"\nopen System.Linq").Replace("[ 2 ]", "[ B.least ]"))
        Assert.That(trainsAgain (fun () -> space.Run "a.fsx"))
        space.Write("b.fsx", lines [ "module B"; "let least = 3" ])
        Assert.That(trainsAgain (fun () -> space.Run "a.fsx"))
        Assert.That(trained[trained.Count - 1], Expect.equal "Rewards of 1")

        space.Generated <- "// another plugin was installed"
        Assert.That(trainsAgain (fun () -> space.Run "a.fsx"), Is.False)
        // Nor does it matter whether the script was compiled before.
        Directory.Delete(space.Cache, true)
        Assert.That(trainsAgain (fun () -> space.Run "a.fsx"), Is.False)

    [<Test>]
    let ``a loss computes with tensors; what it leaves out has the contract's defaults`` () =
        use space = new Workspace()

        space.Write(
            "a.fsx",
            """
open RewardKit
open type TorchSharp.torch

let plain =
    { new ILoss with
        member _.Needs = ForwardNeeds.Rewards
        member _.Compute(_, forward) =
            let difference = forward.Rewards.select (1, 0) - forward.Rewards.select (1, 1)
            let loss = nn.functional.relu(1.0 - difference).mean ()
            LossResult(loss, readOnlyDict [ "active", (difference.lt (tensor 1.0)).to_type(float32).mean () ]) }

let full =
    { new ILoss with
        member _.Needs = ForwardNeeds.Rewards ||| ForwardNeeds.Features
        member _.Head = RewardHead(ZeroInit = true)
        member _.Weight batch = 2.0 * float batch.Pairs
        member _.Compute(_, forward) = LossResult(ones 1 * forward.Features.sum ()) }

experiment "e" {
    model (RewardKit.Models.ModelSpec(Folder = "/model"))
    train (RewardKit.Training.Data.PairFile "/train.jsonl")
    arm "plain" [ Inline.loss "plain" plain ]
    arm "full" [ Inline.loss "full" full ]
    evaluate [ Plugin.evaluator "x" [] None ]
    seeds [ 1 ]
}
|> Experiment.run
"""
        )

        space.Run "a.fsx"
        let loss index = (space.Experiments[0].Arms[index].Loss :?> InlineUse).Method :?> ILoss
        let plain, full = loss 0, loss 1
        use scope = torch.NewDisposeScope()
        let example = PreferenceExample("1", Conversation.User "q", Conversation.Assistant "a", Conversation.Assistant "b", Provenance("t", 1L))
        let batch = PairBatch([| example; example |], torch.tensor [| false; false |], torch.ones (2L, 2L), TrainingStep())
        let rewards = torch.tensor([| 0.5f; 0.25f; 3.0f; 1.0f |]).reshape(2L, 2L).requires_grad_ ()
        let result = plain.Compute(batch, PairForward(Rewards = rewards))
        result.Loss.backward ()
        // Of the margins 0.25 and 2, the first is 0.75 short of 1.
        Assert.That(result.Loss.item<float32> (), Expect.equal 0.375f)
        Assert.That(result.Metrics["active"].item<float32> (), Expect.equal 0.5f)
        Assert.That(rewards.grad.data<float32>().ToArray(), Expect.equal [| -0.5f; 0.5f; 0.0f; 0.0f |])
        Assert.That((plain.Head, plain.Weight batch), Expect.equal (RewardHead(), 2.0))
        Assert.That((full.Head.ZeroInit, full.Weight batch), Expect.equal (true, 4.0))

    [<Test>]
    let ``what it throws in a run is told with the run and the script's line`` () =
        use space = workspace (ResizeArray())
        space.Write("a.fsx", script.Replace("let margins = scores", "failwith \"boom\"\n                let margins = scores"))
        let error = refusal (fun () -> space.Run "a.fsx")
        let line = 1 + Array.IndexOf(File.ReadAllLines space.A, "                failwith \"boom\"")
        Assert.That(error.ExitCode, Expect.equal 1)
        Assert.That(error.Message, Expect.equal $"The arm \"hinge\" with seed 1 failed: Exception: boom\n  at {space.A}:{line}")

    [<Test>]
    let ``it needs a name`` () =
        let error = refusal (fun () -> Inline.loss " " Unchecked.defaultof<ILoss> |> ignore)
        Assert.That(error.Message, Does.Contain "has no name")

    [<MethodImpl(MethodImplOptions.NoInlining)>]
    let private runAndLetGo (space: Workspace) =
        let assembly = space.Host.Run(space.Context("a.fsx", []), ignore)
        space.Experiments.Clear()
        assembly

    [<Test>]
    let ``a script whose own code was used is gone after it ran`` () =
        use space = workspace (ResizeArray())
        Expect.gone (runAndLetGo space)
