namespace Acme.Namespace

open System
open System.Collections.Generic
open System.ComponentModel.DataAnnotations
open System.Threading.Tasks
open RewardKit

/// Options of my-method.
[<PluginOptions; Sealed>]
type MyMethodOptions() =
    /// Responses count as equally long if their lengths differ by no more than this share of the longer one's.
    [<Range(0.0, 1.0)>]
    member val Tolerance = 0.1 with get, set

/// The share of held-out preferences whose chosen response gets the higher reward: of all, and apart for those whose chosen
/// response is the shorter one, the longer one, or as long as the other. A model that merely likes length shows it here.
[<Evaluator("my-method")>]
type MyMethodEvaluator(options: MyMethodOptions) =
    let bucket (pair: PreferenceExample) =
        let chosen, rejected = pair.Chosen.LastContent.Length, pair.Rejected.LastContent.Length

        if float (abs (chosen - rejected)) <= options.Tolerance * float (max chosen rejected) then "equal"
        elif chosen < rejected then "shorter"
        else "longer"

    let share (items: float array) =
        Measurement(Array.average items, items, Nullable 0.5)

    interface IEvaluator with
        member _.EvaluateAsync(context, cancellation) =
            let pairs =
                [| for pair in context.Pairs do
                       if pair.Relation = Relation.Preferred then
                           pair |]

            if pairs.Length = 0 then
                raise (RewardKitException.Input "my-method needs held-out preferences, but was given none.")

            let scores = context.Scorer.ScorePairs(pairs, cancellation) |> Array.ofSeq
            // Equal rewards count as wrong.
            let correct = scores |> Array.map (fun score -> if score.Margin > 0.0 then 1.0 else 0.0)

            let metrics = Dictionary<string, Measurement>()
            metrics["accuracy"] <- share correct

            for name, items in Array.zip pairs correct |> Array.groupBy (fst >> bucket) |> Array.sortBy fst do
                metrics[$"accuracy.{name}"] <- share (Array.map snd items)

            let samples = Array.map2 (fun pair score -> EvaluationSample(pair, score)) pairs scores
            Task.FromResult(EvaluationReport(metrics, samples))
