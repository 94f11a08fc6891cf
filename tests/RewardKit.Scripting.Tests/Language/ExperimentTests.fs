namespace RewardKit.Scripting.Tests

open System
open System.IO
open NUnit.Framework
open RewardKit
open RewardKit.Hosting.Generators
open RewardKit.Models
open RewardKit.Training.Data

/// The experiment language as a script uses it.
module ExperimentTests =
    let private loss = Plugin.loss "bradley-terry" []
    let private accuracy = Plugin.evaluator "pair-accuracy" [] (Some(PairFile "/data/test.jsonl" :> PairData))
    let private start = ModelSpec(Folder = "/model")
    let private data: PairData = PairFile "/data/train.jsonl"

    let private withArms (stated: (string * Step list) list) () =
        experiment "e" {
            model start
            train data
            arms stated
            evaluate [ accuracy ]
            seeds [ 1 ]
        }
        |> ignore

    let private message (action: unit -> unit) =
        let error = refusal action
        Assert.That(error.ExitCode, Expect.equal 2)
        error.Message

    [<Test>]
    let ``arms are kept in order, wherever they are stated`` () =
        let made =
            experiment "my test" {
                arm "a" [ loss ]
                model start
                seeds [ 3; 1 ]
                arms [ for weight in [ 0.1; 0.2 ] -> $"b {weight}", [ Plugin.loss "x" [ Plugin.option "weight" (Some weight) ] ] ]
                train data
                evaluate [ accuracy ]
            }

        Assert.That(made.Arms |> Seq.map _.Name, Expect.equal [ "a"; "b 0.1"; "b 0.2" ])
        Assert.That(made.Arms[2].Loss.Options["weight"], Expect.equal 0.2)
        Assert.That(List.ofSeq made.Seeds, Expect.equal [ 3; 1 ])
        Assert.That(made.Name, Expect.equal "my test")
        Assert.That(Path.GetDirectoryName made.OutputFolder, Expect.equal (Path.GetFullPath "runs"))

    [<Test>]
    let ``an arm needs exactly one loss`` () =
        Assert.That(
            message (withArms [ "a", [] ]),
            Expect.equal "Experiment \"e\": arm \"a\" has no loss; add one, as Loss.bradleyTerry ()."
        )

        Assert.That(
            message (withArms [ "a", [ loss; Plugin.loss "dpo" [] ] ]),
            Expect.equal "Experiment \"e\": arm \"a\" has 2 losses (\"bradley-terry\", \"dpo\"); keep one."
        )

    [<Test>]
    let ``arms have names of their own`` () =
        Assert.That(message (withArms [ "a", [ loss ]; "a", [ loss ] ]), Does.Contain "arm \"a\" is there twice")
        Assert.That(message (withArms [ " ", [ loss ] ]), Does.Contain "an arm has no name")
        Assert.That(message (withArms []), Does.Contain "no arm is given; add arm \"NAME\"")

    [<Test>]
    let ``a baseline is one other arm`` () =
        Assert.That(
            message (withArms [ "a", [ loss ]; "b", [ Baseline.arm "c"; loss ] ]),
            Does.Contain "arm \"b\" names the baseline \"c\", but there is no such arm; the arms are \"a\", \"b\"."
        )

        Assert.That(message (withArms [ "a", [ loss; Baseline.arm "a" ] ]), Does.Contain "names itself")

        Assert.That(
            message (withArms [ "a", [ loss ]; "b", [ Baseline.arm "a"; Baseline.arm "a"; loss ] ]),
            Does.Contain "names 2 baselines"
        )

    let private withGenerator (stated: GeneratorSpec) =
        let made =
            experiment "e" {
                model start
                train data
                arm "a" [ loss ]
                evaluate [ accuracy ]
                seeds [ 1 ]
                generator stated
            }

        made.Generator

    [<Test>]
    let ``a generator is a server, a local model, a function or a file`` () =
        let server =
            withGenerator (
                Generator.server (
                    url = "http://localhost:8000/v1",
                    model = "m",
                    key = "MY_KEY",
                    concurrency = 4,
                    timeout = 2.5,
                    tries = 3,
                    answers = "shared.db"
                )
            )
            :?> ServerSpec

        let options = server.Options
        Assert.That((options.Url, options.Model, options.KeyVariable), Expect.equal ("http://localhost:8000/v1", "m", "MY_KEY"))
        Assert.That((options.Concurrency, options.Timeout.TotalSeconds, options.Tries), Expect.equal (4, 2.5, 3))
        Assert.That(server.Answers, Expect.equal (Path.GetFullPath "shared.db"))

        let plain = withGenerator (Generator.server ("http://localhost:8000/v1", "m")) :?> ServerSpec
        Assert.That((plain.Options, plain.Answers), Expect.equal (ServerOptions(Url = "http://localhost:8000/v1", Model = "m"), null))

        let own = withGenerator (Generator.scripted ("shout", fun prompt -> prompt.ToUpperInvariant())) :?> ScriptedSpec
        let reply = own.Answer.Invoke(TextRequest(Conversation.User "hello", GenerationOptions()))
        Assert.That((own.Name, reply), Expect.equal ("shout", TextReply("HELLO", FinishReason.StopToken)))

        Assert.That((withGenerator (Generator.file "answers.jsonl")).Name, Expect.equal "answers.jsonl")

    [<Test>]
    let ``an arm may have a generator of its own`` () =
        let own = Generator.scripted ("own", id)

        let made =
            experiment "e" {
                model start
                train data
                arm "a" [ loss ]
                arm "b" [ Generator.only own; loss ]
                evaluate [ accuracy ]
                seeds [ 1 ]
            }

        Assert.That([ for arm in made.Arms -> arm.Generator ], Expect.equal [ null; own ])
        Assert.That(message (withArms [ "a", [ Generator.only own; Generator.only own; loss ] ]), Does.Contain "names 2 generators")

    [<Test>]
    let ``a generator that cannot be meant is refused`` () =
        Assert.That(
            message (fun () -> Generator.server ("http://localhost/v1", "m", timeout = 0.0) |> ignore),
            Does.Contain "timeout = 0 is out of range"
        )

        Assert.That(message (fun () -> Generator.local "no/such/folder" |> ignore), Does.Contain "There is no model folder")
        Assert.That(message (fun () -> Generator.scripted (" ", id) |> ignore), Does.Contain "has no name")

        Assert.That(
            message (fun () ->
                experiment "e" {
                    generator (Generator.scripted ("a", id))
                    generator (Generator.scripted ("b", id))
                }
                |> ignore),
            Does.Contain "generator is stated twice"
        )

    [<Test>]
    let ``validation has its pairs and its interval, and no interval without pairs`` () =
        let settings = Training.settings (validateEvery = 5, freeze = [ for layer in 0..1 -> $"model.layers.{layer}.*" ])

        let made =
            experiment "e" {
                model start
                train data
                validate (PairFile "/held.jsonl")
                training settings
                arm "a" [ loss ]
                evaluate [ accuracy ]
                seeds [ 1 ]
            }

        Assert.That((Seq.exactlyOne made.Validation.Files).Path, Expect.equal "/held.jsonl")
        Assert.That(made.Training.ValidateEvery.Value, Expect.equal 5)
        Assert.That(List.ofSeq made.Training.Freeze, Expect.equal [ "model.layers.0.*"; "model.layers.1.*" ])

        let without () =
            experiment "e" {
                model start
                train data
                training settings
                arm "a" [ loss ]
                evaluate [ accuracy ]
                seeds [ 1 ]
            }
            |> ignore

        Assert.That(message without, Does.Contain "no pairs to validate on; add validate pairs.Test")

    [<Test>]
    let ``what is missing or stated twice is named`` () =
        let without message' (action: unit -> obj) =
            Assert.That(message (fun () -> action () |> ignore), Does.Contain(message': string))

        without "no model is given" (fun () ->
            experiment "e" {
                train data
                arm "a" [ loss ]
                evaluate [ accuracy ]
                seeds [ 1 ]
            })

        without "no training data is given" (fun () ->
            experiment "e" {
                model start
                arm "a" [ loss ]
                evaluate [ accuracy ]
                seeds [ 1 ]
            })

        without "no evaluator is given" (fun () ->
            experiment "e" {
                model start
                train data
                arm "a" [ loss ]
                seeds [ 1 ]
            })

        without "no seed is given" (fun () ->
            experiment "e" {
                model start
                train data
                arm "a" [ loss ]
                evaluate [ accuracy ]
                seeds []
            })

        without "the model is stated twice" (fun () ->
            experiment "e" {
                model start
                model start
                train data
                arm "a" [ loss ]
                evaluate [ accuracy ]
                seeds [ 1 ]
            })

    [<Test>]
    let ``an experiment outside of a script says how to run it`` () =
        let made =
            experiment "e" {
                model start
                train data
                arm "a" [ loss ]
                evaluate [ accuracy ]
                seeds [ 1 ]
            }

        Assert.That(message (fun () -> Experiment.run made |> ignore), Does.Contain "rewardkit run SCRIPT.fsx")

    let private checkpointed (policy: RewardKit.Training.Checkpoints.CheckpointPolicy) =
        experiment "e" {
            model start
            train data
            checkpoints policy
            arm "a" [ loss ]
            evaluate [ accuracy ]
            seeds [ 1 ]
        }

    [<Test>]
    let ``checkpoints are written by time, by steps, by both or never`` () =
        let every policy =
            let made = (checkpointed policy).Checkpoints
            made.Steps, made.Minutes, made.Keep

        Assert.That(every (Checkpoints.every ()), Expect.equal (Nullable(), Nullable 10.0, 2))
        Assert.That(every (Checkpoints.every (steps = 100, keep = 5)), Expect.equal (Nullable 100, Nullable(), 5))
        Assert.That(every (Checkpoints.every (steps = 100, minutes = 0.5)), Expect.equal (Nullable 100, Nullable 0.5, 2))
        Assert.That(isNull (box (checkpointed Checkpoints.never).Checkpoints))

    [<Test>]
    let ``checkpoints out of range are refused by name and value`` () =
        Assert.That(
            message (fun () -> Checkpoints.every (steps = 0) |> ignore),
            Expect.equal "Checkpoints.every: steps = 0 is out of range; it must be at least 1."
        )

        Assert.That(
            message (fun () -> Checkpoints.every (minutes = nan) |> ignore),
            Does.Contain "minutes = NaN is out of range; it must be above 0."
        )

        Assert.That(message (fun () -> Checkpoints.every (keep = 0) |> ignore), Does.Contain "keep = 0")

    [<Test>]
    let ``training settings out of range are refused by name and value`` () =
        Assert.That(
            message (fun () -> Training.settings (epochs = 0) |> ignore),
            Expect.equal "Training.settings: epochs = 0 is out of range; it must be at least 1."
        )

        Assert.That(
            message (fun () -> Training.settings (learningRate = nan) |> ignore),
            Does.Contain "learningRate = NaN is out of range; it must be above 0."
        )

        Assert.That(message (fun () -> Training.settings (beta2 = 1.0) |> ignore), Does.Contain "beta2 = 1")

    [<Test>]
    let ``a folder without its splits says which file is missing`` () =
        use space = new Workspace()
        space.Write("d/train.jsonl.gz", "")
        let where = space.Path "d"
        Assert.That(message (fun () -> Data.hhRlhf where |> ignore), Does.Contain $"{where} has no test.jsonl.gz or test.jsonl.")
        Assert.That(message (fun () -> Data.hhRlhfFile (space.Path "x.jsonl") |> ignore), Does.Contain "There is no data file")

    [<Test>]
    let ``pairs are named with their columns and divided by prompt`` () =
        use space = new Workspace()
        space.Write("p.csv", "question,chosen,rejected\n" + String.concat "" [ for i in 1..40 -> $"p{i},a,b\n" ])
        let pairs = Data.pairs (space.Path "p.csv", prompt = "question")
        let parts = pairs |> Data.split (0.5, seed = 3)
        let prompts data = (PairLoader().Load data).Examples |> Seq.map _.Prompt.LastContent |> Set.ofSeq
        Assert.That((prompts pairs).Count, Expect.equal 40)
        Assert.That(Set.union (prompts parts.Train) (prompts parts.Test), Expect.equal (prompts pairs))
        Assert.That(Set.intersect (prompts parts.Train) (prompts parts.Test), Is.Empty)
        Assert.That(message (fun () -> Data.split (1.0) pairs |> ignore), Does.Contain "fraction = 1 is out of range")
        Assert.That(message (fun () -> Data.split (0.5, seed = 3) parts.Test |> ignore), Does.Contain "divided with seed 3 already")
        Assert.That(prompts (Data.split (0.5) parts.Test).Train, Is.SubsetOf(prompts parts.Test))
        Assert.That(message (fun () -> Data.pairs (space.Path "x.csv") |> ignore), Does.Contain "There is no data file")

    [<Test>]
    let ``prompts alone are named and divided likewise`` () =
        use space = new Workspace()
        space.Write("p.csv", "ask,answer\n" + String.concat "" [ for i in 1..40 -> $"p{i},a\n" ])
        let prompts = Data.prompts (space.Path "p.csv", prompt = "ask")
        let count data = (PairLoader().Load data).Examples.Count
        let parts = prompts |> Data.split 0.5
        Assert.That(count prompts, Expect.equal 40)
        Assert.That(count parts.Train + count parts.Test, Expect.equal 40)
        Assert.That((PairLoader().Load prompts).Examples[0].Chosen.Messages, Is.Empty)
        let own = Data.ofPrompts "own" [ "a?"; "b?"; "a?" ]
        Assert.That((PairLoader().Load own).Examples |> Seq.map _.Prompt.LastContent |> List.ofSeq, Expect.equal [ "a?"; "b?" ])
        Assert.That(Data.ofPrompts "own" [ "a?"; "b?"; "a?" ], Expect.equal own)
        Assert.That(message (fun () -> Data.ofPrompts "none" [] |> ignore), Does.Contain "has no prompt")
        Assert.That(message (fun () -> Data.prompts (space.Path "x.csv") |> ignore), Does.Contain "There is no data file")

    [<Test>]
    let ``sources are joined and mixed by weights`` () =
        use space = new Workspace()
        let file name count = space.Write($"{name}.csv", "prompt,chosen,rejected\n" + String.concat "" [ for i in 1..count -> $"{name}{i},a,b\n" ])
        file "p" 20
        file "q" 5
        let p, q = Data.pairs (space.Path "p.csv"), Data.pairs (space.Path "q.csv")
        let count data = (PairLoader().Load data).Examples.Count
        Assert.That(count (Data.concat [ p; q ]), Expect.equal 25)
        Assert.That(count (Data.mix [ p, 0.5; q, 0.5 ]), Expect.equal 10)
        let parts = Data.mix ([ p, 2.0; q, 1.0 ], total = 30, seed = 2) |> Data.split 0.5
        Assert.That(count parts.Train + count parts.Test, Expect.equal 30)
        Assert.That(message (fun () -> Data.concat [] |> ignore), Does.Contain "there is no source")
        Assert.That(message (fun () -> Data.mix [ p, 0.0 ] |> ignore), Does.Match "Data.mix: the weight 0 of .*p.csv is out of range; it must be above 0.")
        Assert.That(message (fun () -> Data.mix ([ p, 1.0 ], total = 0) |> ignore), Does.Contain "total = 0 is out of range")

    [<Test>]
    let ``a small Llama has shapes that fit together unless told otherwise`` () =
        use space = new Workspace()
        space.Write("t/tokenizer.json", "{}")
        let made = Model.llama (tokenizer = space.Path "t", hiddenSize = 96, heads = 6, vocabularySize = 300)
        Assert.That(made.Tokenizer, Expect.equal (space.Path "t"))
        Assert.That(made.Configuration.VocabSize, Expect.equal 300)
        Assert.That(made.Configuration.NumKeyValueHeads, Expect.equal 6)
        Assert.That(made.Configuration.IntermediateSize, Expect.equal 256)
        Assert.That(message (fun () -> Model.llama (tokenizer = space.Path "u") |> ignore), Does.Contain "There is no tokenizer folder")

    [<Test>]
    let ``a model is loaded in a type, and read at label tokens`` () =
        use space = new Workspace()
        space.Write("m/config.json", "{}")
        let plain = Model.load (space.Path "m")
        Assert.That(plain.Dtype, Is.Null)
        Assert.That(plain.LabelTokens, Is.Null)

        let made = Model.load (space.Path "m", dtype = "bfloat16", labelTokens = LabelTokens("A", "B"))
        Assert.That((made.Dtype, made.LabelTokens.First, made.LabelTokens.Second), Expect.equal ("bfloat16", "A", "B"))
        Assert.That(plain.Pairs, Is.Null)
        let pairs = (plain |> Model.pairText (first = "1", second = "2")).Pairs
        Assert.That((pairs.First, pairs.Second, pairs.Tie), Expect.equal ("1", "2", "Same"))

        Assert.That(
            message (fun () -> Model.pairText (layout = "{first}") plain |> ignore),
            Does.Contain "must have {context} exactly once"
        )

        let byId = Model.load (space.Path "m", labelTokens = LabelTokens(65, 66))
        Assert.That((byId.LabelTokens.FirstId, byId.LabelTokens.SecondId), Expect.equal (System.Nullable 65, System.Nullable 66))

        Assert.That(
            message (fun () -> Model.load (space.Path "m", dtype = "int4") |> ignore),
            Expect.equal "Model.load: the dtype is \"int4\"; expected float32, bfloat16, float16 or auto."
        )

    [<Test>]
    let ``an adapter goes on a model of a folder, with options in their ranges`` () =
        use space = new Workspace()
        space.Write("m/config.json", "{}")
        let made = Model.load (space.Path "m", maxPromptTokens = 9) |> Model.lora (rank = 4, targets = [ "q_proj" ])
        Assert.That(made.Folder, Expect.equal (space.Path "m"))
        Assert.That(made.MaxPromptTokens, Expect.equal (System.Nullable 9))
        Assert.That((made.Lora.Rank, made.Lora.Alpha), Expect.equal (4, 16.0))
        Assert.That(List.ofSeq made.Lora.Targets, Expect.equal [ "q_proj" ])
        Assert.That(message (fun () -> made |> Model.lora (rank = 0) |> ignore), Expect.equal "Model.lora: the rank is 0; expected at least 1.")

        Assert.That(
            message (fun () -> ModelSpec() |> Model.lora () |> ignore),
            Does.Contain "this one has random weights; start from Model.load"
        )
