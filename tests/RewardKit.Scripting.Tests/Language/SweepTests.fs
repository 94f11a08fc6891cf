namespace RewardKit.Scripting.Tests

open System.Collections.Generic
open NUnit.Framework
open RewardKit
open RewardKit.Hosting.Experiments
open RewardKit.Models
open RewardKit.Training.Data

/// Sweeps, and results as values.
module SweepTests =
    let private loss weight = Plugin.loss "x" [ Plugin.option "weight" (Some(weight: float)) ]
    let private message (action: unit -> unit) = (refusal action).Message

    let private valuesOf (steps: Step list) =
        steps |> List.choose (function Step.Value(name, value) -> Some(name, value) | _ -> None)

    let private result (runs: (string * int * float list) list) =
        let measured (items: float list) =
            Dictionary(dict [ "accuracy/accuracy", Measurement(List.average items, List.toArray items, 0.5) ])

        ExperimentResult(
            experiment "e" {
                model (ModelSpec(Folder = "/model"))
                train (PairFile "/pairs/train.jsonl")
                arms [ for arm in runs |> List.map (fun (arm, _, _) -> arm) |> List.distinct -> arm, [ loss 1.0 ] ]
                evaluate [ Plugin.evaluator "accuracy" [] (Some(PairFile "/pairs/dev.jsonl" :> PairData)) ]
                seeds [ 1 ]
            },
            [| for arm, seed, items in runs -> RunResult(arm, seed, measured items, Dictionary(), null, Dictionary(), null, false) |],
            [||],
            Dictionary(),
            [||]
        )

    [<Test>]
    let ``a grid is every point, named by its values`` () =
        let made =
            sweep {
                let! alpha = Sweep.choice ("alpha", [ 0.0; 0.25 ])
                let! rate = Sweep.choice ("rate", [ 1e-5; 1e-3 ])
                let! size = Sweep.named ("size", [ "small", ModelSpec(Folder = "/small") ])
                return [ loss alpha; Arm.training (learningRate = rate); Arm.model size ]
            }
            |> Sweep.grid

        Assert.That(
            List.map fst made,
            Expect.equal [ "alpha 0, rate 1e-5, size small"; "alpha 0, rate 0.001, size small"; "alpha 0.25, rate 1e-5, size small"; "alpha 0.25, rate 0.001, size small" ]
        )

        Assert.That(valuesOf (snd made[2]), Expect.equal [ "alpha", box 0.25; "rate", box 1e-5; "size", box "small" ])

        let spec =
            experiment "e" {
                arms made
                train (PairFile "/train")
                evaluate [ Plugin.evaluator "y" [] None ]
                seeds [ 1 ]
            }

        Assert.That(spec.Arms[2].Training.LearningRate, Expect.equal 1e-5)
        Assert.That(spec.Arms[2].Values |> Seq.map _.Key, Expect.equal [ "alpha"; "rate"; "size" ])

    let private searched =
        sweep {
            let! rate = Sweep.logUniform ("rate", 1e-4, 1e-2)
            let! alpha = Sweep.uniform ("alpha", -1.0, 1.0)
            let! layers = Sweep.int ("layers", 1, 3)
            return [ loss alpha; Arm.training (learningRate = rate, epochs = layers) ]
        }

    [<Test>]
    let ``points by chance are in their ranges, different, and the same for the same seed`` () =
        let made = searched |> Sweep.random (200, seed = 3)
        Assert.That(made.Length, Expect.equal 200)
        Assert.That(made |> List.map fst |> List.distinct |> List.length, Expect.equal 200)
        let values name = [ for _, steps in made -> valuesOf steps |> List.find (fun (n, _) -> n = name) |> snd ]
        let rates = values "rate" |> List.map unbox<float>
        Assert.That(List.min rates >= 1e-4 && List.max rates <= 1e-2)
        // Half of them below the geometric middle: by their logarithms.
        Assert.That(rates |> List.filter (fun rate -> rate < 1e-3) |> List.length, Is.InRange(80, 120))
        Assert.That(values "layers" |> List.map unbox<int> |> List.distinct |> List.sort, Expect.equal [ 1; 2; 3 ])
        Assert.That(searched |> Sweep.random (200, seed = 3) |> List.map fst, Expect.equal (List.map fst made))
        Assert.That(searched |> Sweep.random (200, seed = 4) |> List.map fst, Is.Not.EqualTo(List.map fst made))

    [<Test>]
    let ``mistakes in a sweep are told before anything runs`` () =
        let refused varied = message (fun () -> varied () |> ignore)
        Assert.That(refused (fun () -> Sweep.choice ("alpha", ([]: float list))), Expect.equal "Sweep: \"alpha\" has no value; give it at least one.")
        Assert.That(refused (fun () -> Sweep.uniform ("alpha", 1.0, 0.0)), Expect.equal "Sweep.uniform: \"alpha\" goes from 1 to 0; the first must be the smaller one.")
        Assert.That(refused (fun () -> Sweep.logUniform ("rate", 0.0, 1.0)), Does.Contain "\"rate\" goes from 0; it must be above 0.")
        Assert.That(refused (fun () -> Sweep.int ("n", 3, 2)), Does.Contain "goes from 3 to 2")
        Assert.That(refused (fun () -> Sweep.grid searched), Does.Contain "\"rate\" is a range, which has no end of values")
        Assert.That(refused (fun () -> searched |> Sweep.random 0), Does.Contain "the number of points is 0")

        let few = sweep { let! n = Sweep.int ("n", 1, 3) in return [ loss (float n) ] }
        Assert.That(refused (fun () -> few |> Sweep.random 4), Does.Contain "4 different points are asked for, and there are only 3.")

        let twice =
            sweep {
                let! a = Sweep.choice ("a", [ 1 ])
                let! b = Sweep.choice ("a", [ 2 ])
                return [ loss (float (a + b)) ]
            }

        Assert.That(refused (fun () -> Sweep.grid twice), Expect.equal "The sweep varies \"a\" twice; give each its own name.")

    [<Test>]
    let ``the best arm is told with the pairs that it was chosen on`` () =
        let found = result [ "a", 1, [ 1.0; 0.0; 0.0; 0.0 ]; "b", 1, [ 1.0; 1.0; 1.0; 0.0 ]; "b", 2, [ 1.0; 1.0; 1.0; 1.0 ] ]
        let best = found |> Sweep.best "accuracy/accuracy"
        Assert.That((best.Arm, best.Value, best.On, best.Among), Expect.equal ("b", 0.875, "pairs/dev.jsonl", 2))
        Assert.That(string best, Does.StartWith "Chosen among 2 arms by accuracy/accuracy on pairs/dev.jsonl: b, 0.875 (")

    [<Test>]
    let ``results are read by arm and metric`` () =
        let found = result [ "a", 1, [ 1.0; 0.0; 0.0; 0.0 ]; "b", 1, [ 1.0; 1.0; 1.0; 0.0 ]; "b", 2, [ 1.0; 1.0; 1.0; 1.0 ] ]
        let metric = "accuracy/accuracy"
        Assert.That(Result.arms found, Expect.equal [ "a"; "b" ])
        Assert.That(Result.bySeed "b" metric found, Expect.equal [ 1, 0.75; 2, 1.0 ])
        Assert.That(Result.mean "b" metric found, Expect.equal 0.875)
        Assert.That((Result.interval "b" metric found).Value.Low, Is.InRange(0.5, 0.875))
        let difference = (Result.difference "b" "a" metric found).Value
        Assert.That((difference.First, difference.Difference), Expect.equal ("b", 0.625))
        Assert.That(difference.Interval.Low, Expect.equal -(Result.difference "a" "b" metric found).Value.Interval.High)
        Assert.That(message (fun () -> Result.mean "c" metric found |> ignore), Does.Contain "has no arm \"c\". Did you mean")
        Assert.That(message (fun () -> Result.mean "a" "accuracy/acuracy" found |> ignore), Does.Contain "Did you mean \"accuracy/accuracy\"?")
        // F#'s own module of the name stays.
        Assert.That(Result.map (fun n -> n + 1) (Ok 1: Result<int, string>), Expect.equal (Ok 2: Result<int, string>))

    [<Test>]
    let ``a share has Wilson's interval, a mean that of its standard error`` () =
        let interval = Interval.ofShare (0.5, 100)
        Assert.That(interval.Low, Is.EqualTo(0.4038).Within(1e-4))
        Assert.That(message (fun () -> Interval.ofShare (1.5, 10) |> ignore), Does.Contain "expected one in [0, 1]")
        // Mean 2, deviation 1: ± 1.96 / √3.
        Assert.That((Interval.ofMean [ 1.0; 2.0; 3.0 ]).Value.High, Is.EqualTo(2.0 + 1.959964 / sqrt 3.0).Within(1e-6))
        Assert.That((Interval.ofMean [ 1.0 ]).IsNone, Is.True)
