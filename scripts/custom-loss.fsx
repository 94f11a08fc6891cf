// A loss of one's own, without a plugin: the hinge loss beside Bradley-Terry, in under a minute.
//
//     artifacts/rewardkit run scripts/custom-loss.fsx
//     artifacts/rewardkit run scripts/custom-loss.fsx -- small    on very little, in seconds: does all work?

#load "rewardkit.fsx"

open RewardKit

let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced

/// The mean over pairs of max(0, margin − (reward of the chosen response − reward of the rejected one)): pairs that are
/// told apart by the margin have nothing more to teach.
let hinge (margin: float) =
    Inline.loss
        "hinge"
        { new ILoss with
            member _.Needs = ForwardNeeds.Rewards

            member _.Compute(_, forward) =
                let difference = forward.Rewards.select (1, 0) - forward.Rewards.select (1, 1)
                LossResult((margin - difference).relu().mean ()) }

experiment "custom-loss" {
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
    training (Training.settings (epochs = 1, batchSize = 16, learningRate = 2e-3, warmupRatio = 0.05))
    arm "bradley-terry" [ Loss.bradleyTerry () ]
    arm "hinge" [ hinge 1.0 ]
    evaluate [ Evaluate.pairAccuracy pairs.Test ]
    seeds [ 1 ]
}
|> Experiment.run
|> ignore
