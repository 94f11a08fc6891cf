// Three reward-modelling methods on Anthropic's HH-RLHF harmlessness pairs, from the same start, two seeds each.
//
//     dotnet fsi build.fsx run scripts/quickstart.fsx        the first time: builds, then runs
//     artifacts/rewardkit run scripts/quickstart.fsx         ever after
//     artifacts/rewardkit run scripts/quickstart.fsx -- small  on a few pairs, in seconds: does all work?
//
// The model is a small Llama with random weights and a tokenizer of 2,000 tokens: it learns from these 1,282 pairs alone,
// so the comparison shows the methods and not a pretrained model's knowledge.

#load "rewardkit.fsx"

open RewardKit

let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced

experiment "quickstart" {
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
    arm "haf-rm" [ Loss.hafRm (alpha = 0.2, tau = 0.1) ]

    // Crome's irrelevant-query neutrals: two answers under somebody else's question are a tie. Of these, the ones that
    // the Bradley-Terry model of the same seed is unsure about teach nothing new and are left out.
    arm "crome" [ Baseline.arm "bradley-terry"; Augment.cromeNeutral (ratio = 1.0); Loss.crome (tieWeight = 1.0) ]

    evaluate [ Evaluate.pairAccuracy pairs.Test ]
    seeds [ 1; 2 ]
}
|> Experiment.run
|> ignore
