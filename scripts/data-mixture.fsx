// How much of which data? Mixtures of harmlessness and helpfulness pairs (Anthropic's HH-RLHF), each of the same number of pairs, as
// arms of one experiment: trained on their own mixture, judged on both kinds. Two seeds, a small Llama with random weights.
//
//     artifacts/rewardkit run scripts/data-mixture.fsx
//     artifacts/rewardkit run scripts/data-mixture.fsx -- --pairs 600
//     artifacts/rewardkit run scripts/data-mixture.fsx -- small    on very little, in seconds: does all work?
//
// The two kinds pull apart (95 % intervals; two minutes of processor time): without helpfulness pairs 60.3 % (55.8 to 64.8) on
// harmlessness and 41.5 % (36.7 to 46.3) on helpfulness, half and half 51.2 % (46.8 to 55.5) and 52.8 % (48.2 to 57.7), without
// harmlessness pairs 39.7 % (35.1 to 44.4) and 62.5 % (57.7 to 67.2). What a model of this size learns from one kind is wrong for the
// other, below guessing; length has a part in it, for the longer answer is the better one in 44.1 % of the harmlessness pairs and in
// 59.0 % of the others. A larger model, which reads the prompt, need not have that conflict.

#load "rewardkit.fsx"

open RewardKit

let harmless = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced
let helpful = Data.hhRlhf "data/hh-rlhf/helpful-base" |> Data.reduced
let total = Script.option ("pairs", (if Script.small then 32 else 1000))

/// As many pairs whatever the share, so that what differs is the mixture and not the amount.
let mixture share =
    let sources = [ harmless.Train, 1.0 - share; helpful.Train, share ]
    Data.mix (List.filter (fun (_, weight) -> weight > 0.0) sources, total = total)

let shares = [ 0.0; 0.25; 0.5; 0.75; 1.0 ]

let result =
    experiment "data-mixture" {
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

        training (Training.settings (epochs = 3, batchSize = 16, learningRate = 2e-3, warmupRatio = 0.05, weightDecay = 0.01))

        arms (
            sweep {
                let! share = Sweep.choice ("helpful", shares)
                return [ Loss.bradleyTerry (); Arm.train (mixture share) ]
            }
            |> Sweep.grid
        )

        evaluate [ Evaluate.pairAccuracy harmless.Test; Evaluate.pairAccuracy helpful.Test ]
        seeds (if Script.small then [ 1 ] else [ 1; 2 ])
    }
    |> Experiment.run

/// One line of the plot: accuracy on one kind of pairs against the share of helpfulness in the training data.
let line name metric =
    Plot.line (name, [ for share, arm in List.zip shares (Result.arms result) -> Plot.point (share, result |> Result.mean arm metric, ?interval = Result.interval arm metric result) ])

Report.plot (
    "data-mixture",
    title = "Accuracy against the share of helpfulness pairs",
    x = "share of helpfulness pairs in training",
    y = "accuracy",
    lines = [ line "harmlessness" "pair-accuracy/accuracy"; line "helpfulness" "pair-accuracy#2/accuracy" ]
)
