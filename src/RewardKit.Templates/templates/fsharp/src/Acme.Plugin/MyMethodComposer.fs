namespace Acme.Namespace

open System.ComponentModel.DataAnnotations
open RewardKit

/// Options of my-method.
[<PluginOptions; Sealed>]
type MyMethodOptions() =
    /// How much the members' disagreement, as variance, lowers the reward; 0 for the mean alone.
    [<Range(0.0, 100.0)>]
    member val Caution = 0.0 with get, set

/// The weighted mean of the members' rewards, less their variance times a factor.
[<Composer("my-method", Paper = "arXiv:2310.02743")>]
type MyMethodComposer(options: MyMethodOptions) =
    let composed (members: ScorerMember array) =
        let mean (values: float array) =
            Array.sum (Array.map2 (fun (m: ScorerMember) value -> m.Weight * value) members values)
            / Array.sumBy (fun (m: ScorerMember) -> m.Weight) members

        let reward rewards =
            let center = mean rewards
            center - options.Caution * mean (rewards |> Array.map (fun reward -> (reward - center) ** 2.0))

        let names = members |> Array.map (fun m -> m.Scorer.Name) |> String.concat ", "

        { new IScorer with
            member _.Name = $"my-method of {names}"

            member _.Score(requests, cancellation) =
                let scores = members |> Array.map (fun m -> m.Scorer.Score(requests, cancellation))
                [| for i in 0 .. requests.Count - 1 -> scores |> Array.map (fun s -> s[i]) |> reward |] }

    interface IScorerComposer with
        member _.Compose(members, _, _) =
            if members |> Seq.exists (fun m -> m.Weight < 0.0) || members |> Seq.forall (fun m -> m.Weight = 0.0) then
                raise (RewardKitException.Input "my-method needs scorers with weights of 0 or more, at least one of them above 0.")

            members |> Seq.filter (fun m -> m.Weight > 0.0) |> Array.ofSeq |> composed
