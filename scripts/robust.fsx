// Baselines against spurious traits, on Anthropic's HH-RLHF harmlessness pairs: RRM's augmentation with its ablations, and MMD
// regularisation of response length in both variants, beside Bradley-Terry. Two seeds, a small Llama with random weights.
//
//     artifacts/rewardkit run scripts/robust.fsx
//
// Neither method can be expected to help here, and neither does: training and test come from one source, and a model that
// learns from 1,282 pairs hardly reads prompts, which RRM counts on. For the papers' scale, change model and data below: RRM
// has Gemma-2-9b-it, 700,000 pairs, learning rate 1e-6, 128 rows a step, 1 epoch; MMD has Llama-3-8B with LoRA, learning
// rate 1e-4, weights from 0.1 to 100, 10 to 30 bins.

#load "rewardkit.fsx"

open RewardKit

let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base"

let start =
    Model.llama (
        tokenizer = "models/bpe-2k-tokenizer",
        hiddenSize = 32,
        intermediateSize = 88,
        layers = 2,
        heads = 4,
        maxPromptTokens = 64,
        maxResponseTokens = 192
    )

experiment "robust" {
    model start
    train pairs.Train

    // Every arm sees its rows equally often; RRM's arms have more rows, so they take more steps.
    training (Training.settings (epochs = 3, batchSize = 16, learningRate = 2e-3, warmupRatio = 0.05, weightDecay = 0.01))

    arm "bradley-terry" [ Loss.bradleyTerry () ]

    arm "rrm" [ Baseline.arm "bradley-terry"; Augment.rrm (); Loss.bradleyTerry () ]
    arm "rrm, no neutrals" [ Baseline.arm "bradley-terry"; Augment.rrm (neutral = false); Loss.bradleyTerry () ]
    // As many rows as the filter leaves of half of them.
    arm "rrm, no filter" [ Augment.rrm (sample = 0.33, filterThreshold = 0.0); Loss.bradleyTerry () ]

    // A batch of 16 pairs fills three bins with some five responses of each kind.
    arm "mmd" [ Loss.mmd (bins = 3) ]
    arm "mmd, unconditional" [ Loss.mmd (bins = 3, variant = Mmd.Variant.Unconditional) ]
    arm "mmd, median bandwidth" [ Loss.mmd (bins = 3, medianBandwidth = true) ]

    evaluate [ Evaluate.pairAccuracy pairs.Test ]
    seeds [ 1; 2 ]
}
|> Experiment.run
|> ignore
