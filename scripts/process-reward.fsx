#load "rewardkit.fsx"

open RewardKit

let solutions = "data/gsm8k/example_model_solutions.jsonl.gz"
let pairs = Data.pairs solutions |> Data.split 0.6 |> Data.reduced

experiment "process rewards" {
    model (
        Model.llama (
            tokenizer = "models/bpe-2k-tokenizer",
            hiddenSize = 64,
            intermediateSize = 176,
            layers = 2,
            heads = 4,
            maxPromptTokens = 160,
            maxResponseTokens = 320
        )
    )

    seeds [ 1 ]
    train pairs.Train
    training (Training.settings (epochs = 4, batchSize = 16, learningRate = 1e-3, warmupRatio = 0.05, weightDecay = 0.01))

    arm "outcome" [ Loss.bradleyTerry () ]
    arm "steps, last" [ Loss.processReward () ]
    arm "steps, minimum" [ Loss.processReward (); Score.processReward () ]
    evaluate [ Evaluate.pairAccuracy pairs.Test; Evaluate.stepAccuracy pairs.Test ]
}
|> Experiment.run
|> ignore
