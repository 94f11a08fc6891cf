#load "rewardkit.fsx"

open RewardKit

let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base"

let stories = Model.load ("models/stories260K", maxPromptTokens = 64, maxResponseTokens = 128)

let tuned =
    experiment "dpo sft" {
        model stories
        train pairs.Train
        validate pairs.Test
        training (Training.settings (epochs = 2, batchSize = 16, learningRate = 1e-3))
        arm "sft" [ Loss.sft (); Score.implicitReward (reference = false) ]
        evaluate [ Evaluate.pairAccuracy pairs.Test ]
        seeds [ 1 ]
    }
    |> Experiment.run

experiment "dpo" {
    model (tuned |> Experiment.trained ("sft", seed = 1))
    train pairs.Train
    training (Training.settings (epochs = 1, batchSize = 16, learningRate = 5e-4))

    arm "bradley-terry" [ Loss.bradleyTerry () ]
    arm "dpo" [ Loss.dpo (beta = 0.1); Score.implicitReward () ]
    arm "ipo" [ Loss.dpo (beta = 0.1, form = Dpo.Form.Ipo); Score.implicitReward () ]
    arm "simpo" [ Loss.simpo (); Score.implicitReward (reference = false, perToken = true) ]

    evaluate [ Evaluate.pairAccuracy pairs.Test ]
    seeds [ 1 ]
}
|> Experiment.run
|> ignore
