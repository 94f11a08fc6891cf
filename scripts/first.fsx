// A first experiment: two ways to train a reward model on the same preference pairs, and which one judges held-out pairs
// better. About half a minute on two cores.
//
//     artifacts/rewardkit run scripts/first.fsx
//     artifacts/rewardkit run scripts/first.fsx -- small   on a few pairs, in seconds: does all work?
//
// docs/first-experiment.md goes through it line by line.

#load "rewardkit.fsx"

open RewardKit

// Pairs of a chosen and a rejected answer to the same prompt, for training and held out.
let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced

experiment "first" {
    // A small Llama with random weights. A pretrained one: Model.load "FOLDER", in Hugging Face's layout.
    model (
        Model.llama (
            tokenizer = "models/bpe-2k-tokenizer",
            hiddenSize = 32,
            layers = 2,
            heads = 4,
            maxPromptTokens = 64,
            maxResponseTokens = 192
        )
    )

    train pairs.Train
    training (Training.settings (epochs = 1, batchSize = 16, learningRate = 2e-3))

    // What is compared. Each arm trains a model of its own, from the same start.
    arm "bradley-terry" [ Loss.bradleyTerry () ]
    arm "haf-rm" [ Loss.hafRm (alpha = 0.2) ]

    evaluate [ Evaluate.pairAccuracy pairs.Test ]
    seeds [ 1 ]
}
|> Experiment.run
|> ignore
