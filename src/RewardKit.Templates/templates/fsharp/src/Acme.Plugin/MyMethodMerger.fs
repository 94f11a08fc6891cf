namespace Acme.Namespace

open System
open RewardKit
open TorchSharp

/// Options of my-method.
[<PluginOptions; Sealed>]
type MyMethodOptions() =
    /// Whether the heads, of tokens and of reward, stay those of the first model; the others need none then.
    member val KeepHeads = false with get, set

/// Linear interpolation: the mean of the models' tensors, name by name, by the models' weights.
[<Merger("my-method", Paper = "arXiv:2203.05482")>]
type MyMethodMerger(options: MyMethodOptions) =
    let isKept (weight: ModelWeight) =
        options.KeepHeads && (weight.Role = WeightRole.LanguageHead || weight.Role = WeightRole.RewardHead)

    let shown (shape: int64 seq) = $"""[{String.Join(", ", shape)}]"""

    let requireFit (first: IModelWeights) (other: IModelWeights) =
        let shapes = dict [ for weight in other.Weights -> weight.Name, weight.Shape ]

        for weight in first.Weights do
            if not (isKept weight) then
                match shapes.TryGetValue weight.Name with
                | false, _ -> raise (RewardKitException.Input $"{first.Name} has the tensor {weight.Name}, which {other.Name} lacks.")
                | true, shape when not (Seq.forall2 (=) shape weight.Shape && shape.Count = weight.Shape.Count) ->
                    raise (
                        RewardKitException.Input
                            $"{weight.Name} is {shown weight.Shape} in {first.Name}, but {shown shape} in {other.Name}."
                    )
                | _ -> ()

    interface IWeightMerger with
        member _.Merge models =
            let total = models |> Seq.sumBy (fun m -> m.Weight)

            if total <= 0.0 || models |> Seq.exists (fun m -> m.Weight < 0.0) then
                raise (RewardKitException.Input "my-method needs models with weights of 0 or more, at least one of them above 0.")

            let first = models[0].Model

            for other in models |> Seq.skip 1 do
                requireFit first other.Model

            let mean (weight: ModelWeight) =
                use scope = torch.NewDisposeScope()

                // In double precision, so that the order of the models shows in no bit of the result.
                let sum =
                    models
                    |> Seq.map (fun m -> m.Model.Read(weight.Name).``to`` torch.float64 * (m.Weight / total))
                    |> Seq.reduce (+)

                sum.``to``(weight.Type).MoveToOuterDisposeScope()

            MergedWeights(first.Weights, fun weight -> if isKept weight then first.Read weight.Name else mean weight)
