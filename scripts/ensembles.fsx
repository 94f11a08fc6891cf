// Reward models that differ by their random start alone, and what they say together: the mean of their rewards, the lowest, and the mean
// less what they disagree by (Zhang et al., arXiv:2401.16635; Coste et al., arXiv:2310.02743). Three whole models, three heads on one
// transformer, which cost one, and three adapters on one frozen base. HH-RLHF's harmlessness pairs, small Llamas with random weights; the
// adapters' base is stories260K.
//
//     artifacts/rewardkit run scripts/ensembles.fsx            two minutes on two cores
//     artifacts/rewardkit run scripts/ensembles.fsx -- small    on very little, in seconds: does all work?

// On 345 held-out pairs (95 % intervals) single models are right in 62.6 % (58.5 to 66.7, three seeds), their mean in 62.6 %, the lowest
// reward in 62.9 %, the bound in 61.7 %, heads in 60.9 to 61.3 %, a single adapter in 57.2 % (53.1 to 61.3), their mean in 58.6 %, their bound
// in 57.4 %: all within what these pairs can tell apart. Nor is disagreement a warning here: error is told by it with an AUROC of 0.48 to 0.52
// (the report's section "Disagreement and error"). Heads on one transformer hardly disagree at all, adapters as much as whole models do. What
// ensembles are for, a policy that exploits a single model's errors, held-out pairs do not try.

#load "rewardkit.fsx"

open RewardKit

let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced
let starts = if Script.small then [ 1; 2 ] else [ 1..3 ]

/// A small model that was trained to write, which adapters of few parameters turn into reward models.
let adapted =
    Model.load ("models/stories260K", maxPromptTokens = 96, maxResponseTokens = 256)
    |> Model.lora (rank = 16, alpha = 32.0)

/// Bradley and Terry leave a reward's zero and its scale open, so models that were trained apart are brought to the same ones, those of
/// some training pairs, before they are combined. Heads that were trained together share them.
let apart arm aggregate =
    [ Score.ensemble (aggregate = aggregate, normalise = true)
      Members.seeds (arm, starts)
      Members.reference (pairs.Train |> Data.sample (if Script.small then 16 else 200)) ]

let together aggregate =
    [ Loss.ensemble (heads = starts.Length); Score.ensemble (aggregate = aggregate) ]

experiment "ensembles" {
    model (
        Model.llama (
            tokenizer = "models/bpe-2k-tokenizer",
            hiddenSize = 32,
            intermediateSize = 88,
            layers = 2,
            heads = 4,
            maxPromptTokens = 64,
            maxResponseTokens = 192
        )
    )

    train pairs.Train
    training (Training.settings (epochs = 3, batchSize = 16, learningRate = 2e-3, warmupRatio = 0.05, weightDecay = 0.01))

    arm "bradley-terry" [ Loss.bradleyTerry () ]

    // These train nothing.
    arm "mean of models" (apart "bradley-terry" Ensemble.Aggregate.Mean)
    arm "worst of models" (apart "bradley-terry" Ensemble.Aggregate.Worst)
    arm "bound of models" (apart "bradley-terry" Ensemble.Aggregate.LowerBound)

    // Adapters on one frozen base, which is in memory once when they score together.
    arm "adapter" [ Arm.model adapted; Loss.bradleyTerry () ]
    arm "mean of adapters" (apart "adapter" Ensemble.Aggregate.Mean)
    arm "bound of adapters" (apart "adapter" Ensemble.Aggregate.LowerBound)

    // These are trained once, and score in three ways.
    arm "mean of heads" (together Ensemble.Aggregate.Mean)
    arm "worst of heads" (together Ensemble.Aggregate.Worst)
    arm "bound of heads" (together Ensemble.Aggregate.LowerBound)

    evaluate [ Evaluate.pairAccuracy pairs.Test ]
    seeds starts
}
|> Experiment.run
|> ignore
