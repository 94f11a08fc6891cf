namespace RewardKit.Scripting.Tests

open System.IO
open NUnit.Framework
open RewardKit
open RewardKit.Models
open RewardKit.Training.Data

/// Experiments as values: printed, compared, changed and put together.
module ExperimentValueTests =
    let private loss = Plugin.loss "bradley-terry" []
    let private pairs: PairData = PairFile "/data/train.jsonl"
    let private other: PairData = PairFile "/data/other.jsonl"
    let private accuracy = Plugin.evaluator "pair-accuracy" [] (Some(PairFile "/data/test.jsonl" :> PairData))
    let private message (action: unit -> unit) = (refusal action).Message

    let private made name rate (stated: (string * Step list) list) =
        experiment name {
            model (ModelSpec(Folder = "/models/start"))
            train pairs
            training (Training.settings (learningRate = rate))
            arms stated
            evaluate [ accuracy ]
            seeds [ 1; 2 ]
        }

    let private start =
        made "start" 1e-3 [ "plain", [ loss ]; "haf", [ Plugin.loss "haf-rm" [ Plugin.option "alpha" (Some 0.2) ]; Baseline.arm "plain" ] ]

    [<Test>]
    let ``an experiment prints what it states`` () =
        Assert.That(
            string (start |> Experiment.arms [ "fast", [ loss; Arm.training (learningRate = 0.5); Arm.train other ] ]),
            Expect.equal (
                lines
                    [ "experiment \"start\""
                      "  model     models/start"
                      "  train     data/train.jsonl"
                      "  training  the defaults"
                      "  arm       plain: bradley-terry"
                      "  arm       haf: haf-rm (alpha = 0.2); filtered with plain"
                      "  arm       fast: bradley-terry; trained on data/other.jsonl; learningRate 0.5"
                      "  evaluate  pair-accuracy on data/test.jsonl"
                      "  seeds     1, 2" ]
            )
        )

        Assert.That(sprintf "%A" start, Does.Contain "arm       plain: bradley-terry")

    [<Test>]
    let ``experiments that say the same are equal, others tell where they differ`` () =
        let again = made "start" 1e-3 [ "plain", [ loss ]; "haf", [ Plugin.loss "haf-rm" [ Plugin.option "alpha" (Some 0.2) ]; Baseline.arm "plain" ] ]
        Assert.That((start = again), Is.True)
        Assert.That((start = (again |> Experiment.seeds [ 1 ])), Is.False)
        Assert.That(Experiment.differences start again, Is.Empty)

        let changed = made "start" 1e-2 [ "plain", [ loss ] ] |> Experiment.seeds [ 3 ]

        Assert.That(
            Experiment.differences start changed,
            Expect.equal
                [ "training learningRate", "0.001", "0.01"
                  "arm haf", "haf-rm (alpha = 0.2); filtered with plain", "–"
                  "seeds", "1, 2", "3" ]
        )

    [<Test>]
    let ``an experiment is changed without touching the first`` () =
        let final =
            start |> Experiment.named "final" |> Experiment.only [ "plain" ] |> Experiment.seeds [ 7 ] |> Experiment.train other

        Assert.That((final.Name, Path.GetFileName final.OutputFolder), Expect.equal ("final", "final"))
        Assert.That(final.Arms |> Seq.map _.Name, Expect.equal [ "plain" ])
        Assert.That((List.ofSeq final.Seeds, final.Train), Expect.equal ([ 7 ], other))
        Assert.That((start.Name, start.Arms.Count, List.ofSeq start.Seeds), Expect.equal ("start", 2, [ 1; 2 ]))

    [<Test>]
    let ``what is not there or left out is named`` () =
        Assert.That(message (fun () -> start |> Experiment.only [ "plian" ] |> ignore), Does.Contain "there is no arm \"plian\". Did you mean \"plain\"?")
        Assert.That(message (fun () -> start |> Experiment.only [ "haf" ] |> ignore), Does.Contain "the arm \"haf\" is filtered with \"plain\", which is left out")
        Assert.That(message (fun () -> start |> Experiment.only [] |> ignore), Does.Contain "names no arm")
        Assert.That(message (fun () -> start |> Experiment.arms [ "haf", [ loss ] ] |> ignore), Does.Contain "arm \"haf\" is there twice")
        Assert.That(message (fun () -> start |> Experiment.seeds [] |> ignore), Does.Contain "names no seed")
        Assert.That(message (fun () -> start |> Experiment.evaluate [] |> ignore), Does.Contain "names no evaluator")

    [<Test>]
    let ``arms take along what they are trained with`` () =
        let fast = made "fast" 0.5 [ "plain", [ loss ]; "fast", [ loss ] ] |> Experiment.train other
        let clash = message (fun () -> Experiment.combine start fast |> ignore)
        Assert.That(clash, Does.Contain "their arms \"plain\" differ")

        let both = Experiment.combine start (fast |> Experiment.only [ "fast" ])
        Assert.That(both.Arms |> Seq.map _.Name, Expect.equal [ "plain"; "haf"; "fast" ])
        Assert.That((both.Arms[2].Train, both.Arms[2].Training.LearningRate), Expect.equal (other, 0.5))
        Assert.That(isNull (box both.Arms[2].Model), Is.True)
        Assert.That(isNull (box both.Arms[0].Training), Is.True)
        // What both have stands once.
        Assert.That((Experiment.combine start (start |> Experiment.only [ "plain" ])).Arms.Count, Expect.equal 2)

        Assert.That(
            message (fun () -> Experiment.combine start (fast |> Experiment.seeds [ 3 ]) |> ignore),
            Does.Contain "cannot be combined with \"fast\": they differ in seeds: 1, 2 and 3."
        )
