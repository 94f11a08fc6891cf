namespace Acme.Namespace.Tests

open System
open NUnit.Framework
open RewardKit
open TorchSharp
open Acme.Namespace

type MyMethodMergerTests() =
    let merger = MyMethodMerger(MyMethodOptions()) :> IWeightMerger

    let model name (values: float32 array) =
        { new IModelWeights with
            member _.Name = name

            member _.Weights =
                [| ModelWeight("norm.weight", [| int64 values.Length |], torch.float32, WeightRole.Body) |]

            member _.Tokens = [||]
            member _.Read _ = torch.tensor values }

    // Weights 3 and 1: (3·1 + 1·5) / 4 = 2 and (3·2 + 1·10) / 4 = 4.
    [<Test>]
    member _.``Two models by hand``() =
        use scope = torch.NewDisposeScope()
        let merged = merger.Merge [| MergeMember(model "one" [| 1f; 2f |], 3.0); MergeMember(model "two" [| 5f; 10f |], 1.0) |]
        Assert.That(merged.Make.Invoke(merged.Weights[0]).data<float32>().ToArray(), Is.EqualTo<float32> [| 2f; 4f |])

    [<Test>]
    member _.``Models of different shapes are refused by the tensor's name``() =
        let models = [| MergeMember(model "one" [| 1f; 2f |], 1.0); MergeMember(model "two" [| 1f; 2f; 3f |], 1.0) |]
        let refused = Assert.Throws<RewardKitException>(Action(fun () -> merger.Merge models |> ignore))
        Assert.That(refused.Message, Does.Contain("norm.weight").And.Contain("[2]").And.Contain "[3]")
