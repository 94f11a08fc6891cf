namespace RewardKit.Scripting.Tests

open System
open NUnit.Framework
open RewardKit
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Scoring
open RewardKit.Models
open RewardKit.Training.Data

/// Arms with something of their own.
module ArmTests =
    let private loss = Plugin.loss "bradley-terry" []
    let private data: PairData = PairFile "/data/train.jsonl"
    let private other: PairData = PairFile "/data/other.jsonl"
    let private accuracy = Plugin.evaluator "pair-accuracy" [] (Some data)
    let private start, wide = ModelSpec(Folder = "/model"), ModelSpec(Folder = "/wide")

    let private message (action: unit -> unit) = (refusal action).Message

    let private withArm steps =
        experiment "e" {
            model start
            train data
            training (Training.settings (epochs = 3, warmupSteps = 5))
            arm "own" steps
            evaluate [ accuracy ]
            seeds [ 1 ]
        }

    [<Test>]
    let ``an arm changes what it names and keeps the rest`` () =
        let own = (withArm [ loss; Arm.model wide; Arm.train other; Arm.training (learningRate = 0.5); Arm.training (maxSteps = 7) ]).Arms[0]
        Assert.That((own.Model, own.Train), Expect.equal (wide, other))

        Assert.That(
            (own.Training.Epochs, own.Training.WarmupSteps, own.Training.LearningRate, own.Training.MaxSteps),
            Expect.equal (3, Nullable 5, 0.5, Nullable 7)
        )

        let plain = (withArm [ loss ]).Arms[0]
        Assert.That((isNull (box plain.Model), isNull (box plain.Train), isNull (box plain.Training)), Expect.equal (true, true, true))

    [<Test>]
    let ``an arm has at most one of each, in range, and with what it needs`` () =
        Assert.That(message (fun () -> withArm [ loss; Arm.train data; Arm.train other ] |> ignore), Expect.equal "Experiment \"e\": arm \"own\" has 2 sets of training pairs; keep one.")
        Assert.That(message (fun () -> withArm [ loss; Arm.model start; Arm.model wide ] |> ignore), Does.Contain "has 2 models; keep one.")
        Assert.That(message (fun () -> Arm.training (learningRate = -1.0) |> ignore), Expect.equal "Arm.training: learningRate = -1 is out of range; it must be above 0.")

        Assert.That(
            message (fun () -> withArm [ loss; Arm.training (validateEvery = 5) ] |> ignore),
            Does.Contain "arm \"own\" validateEvery is set, but there are no pairs to validate on"
        )

    [<Test>]
    let ``what all arms have of their own need not be stated`` () =
        let made =
            experiment "e" {
                arms [ for name, pairs in [ "a", data; "b", other ] -> name, [ loss; Arm.train pairs; Arm.model wide ] ]
                evaluate [ accuracy ]
                seeds [ 1 ]
            }

        Assert.That(made.Train, Expect.equal data)
        Assert.That(made.Model, Expect.equal wide)

        let partly () =
            experiment "e" {
                model start
                arm "a" [ loss; Arm.train data ]
                arm "b" [ loss ]
                evaluate [ accuracy ]
                seeds [ 1 ]
            }
            |> ignore

        Assert.That(message partly, Does.Contain "no training data is given; add train pairs.Train")

    [<Test>]
    let ``an arm without a loss scores with its members`` () =
        let ensemble = Plugin.composer "ensemble" []
        let folder = Reward.model (ModelSpec(Folder = "/trained"))
        let both = ensemble |> Reward.composed [ folder, 1.0; folder, 2.0 ]

        let own =
            (withArm
                [ ensemble
                  Members.arm ("base", weight = 2.0)
                  Members.seeds ("base", [ 1; 2 ])
                  Members.scorer (both, weight = 0.5)
                  Members.reference other ])
                .Arms[0]

        Assert.That(isNull own.Loss)
        Assert.That(own.Composer.Id, Expect.equal "ensemble")

        Assert.That(
            List.ofSeq own.Members,
            Expect.equal
                [ ArmMember("base", Nullable(), 2.0) :> MemberSpec
                  ArmMember("base", Nullable 1, 1.0)
                  ArmMember("base", Nullable 2, 1.0)
                  NamedMember(both, 0.5) ]
        )

        Assert.That(own.Reference, Expect.equal other)

    [<Test>]
    let ``where nothing is trained neither model nor training data are stated`` () =
        let made =
            experiment "e" {
                arm "trained elsewhere" [ Members.scorer (Reward.model wide) ]
                evaluate [ accuracy ]
                seeds [ 1 ]
            }

        Assert.That(made.Arms.Count, Expect.equal 1)
        Assert.That(string made, Does.Contain "scores with wide")

    [<Test>]
    let ``members that make no sense are refused at their line`` () =
        Assert.That(message (fun () -> Members.seeds ("base", []) |> ignore), Does.Contain "Members.seeds names no seed of the arm \"base\"")
        Assert.That(message (fun () -> loss |> Reward.composed [] |> ignore), Does.Contain "a function of Score")

        Assert.That(
            message (fun () -> withArm [ loss; Members.reference data; Members.reference other ] |> ignore),
            Does.Contain "has 2 sets of pairs that tell its members' scales apart; keep one."
        )
