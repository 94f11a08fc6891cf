namespace RewardKit

open System
open RewardKit.Hosting.Experiments
open RewardKit.Scripting
open RewardKit.Training.Data

/// Losses, augmenters, composers, evaluators and decoders that a script defines itself, as object expressions:
///
///     Inline.loss "hinge"
///         { new ILoss with
///             member _.Needs = ForwardNeeds.Rewards
///             member _.Compute(batch, forward) = ... }
///
/// One object serves all runs of an experiment, so it must remember nothing from one call to the next.
///
/// Finished runs are found again as long as the script, all it loads and its arguments stay the same; after any change
/// to these, arms with something inline are trained again, even where the change did not concern them. What the code
/// reads by itself, as a file or the time, is not noticed: use `--fresh` then.
module Inline =
    let private own kind (name: string) (method: obj) =
        if String.IsNullOrWhiteSpace name then
            raise (RewardKitException.Input "Something inline has no name; give it one, as Inline.loss \"hinge\" { ... }.")

        let content =
            match ScriptContext.Current with
            | null -> ""
            | context -> context.NextInline()

        InlineUse(kind, name, method, content)

    /// A loss, under the name that reports show.
    let loss (name: string) (loss: ILoss) : Step =
        Step.Loss(own PluginKind.Loss name loss)

    /// An augmenter, under the name that reports show.
    let augmenter (name: string) (augmenter: IAugmenter) : Step =
        Step.Augmenter(own PluginKind.Augmenter name augmenter)

    /// A composer: how an arm scores, under the name that reports show.
    let composer (name: string) (composer: IScorerComposer) : Step =
        Step.Composer(own PluginKind.Composer name composer)

    /// A decoder, under the name that progress shows.
    let decoder (name: string) (decoder: IDecoder) : MethodUse = own PluginKind.Decoder name decoder

    /// An evaluator, under the name that stands before its metrics, and the held-out pairs it looks at.
    let evaluator (name: string) (pairs: PairData) (evaluator: IEvaluator) : EvaluationSpec =
        EvaluationSpec(own PluginKind.Evaluator name evaluator, pairs)
