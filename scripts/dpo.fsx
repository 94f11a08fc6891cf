// Supervised fine-tuning first, then DPO (arXiv:2305.18290), IPO (arXiv:2310.12036) and SimPO (arXiv:2405.14734) from the model that it
// leaves, and Bradley-Terry from the same, on Anthropic's HH-RLHF harmlessness pairs. The model is stories260K, whose 260,000
// parameters have read children's stories. Two seeds, some two minutes of processor time.
//
//     artifacts/rewardkit run scripts/dpo.fsx
//     artifacts/rewardkit run scripts/dpo.fsx -- small    on very little, in seconds: does all work?
//
// What it shows, and what it does not: the policies judge pairs about as well as the reward model that starts where they do. Of 345
// held-out pairs Bradley-Terry's reward is right in 57.0 %, the implicit reward β (log π − log π_ref) of DPO in 59.4 %, of IPO in
// 59.0 %, SimPO's in 61.6 %. These cannot be told apart, and simple word bigrams reach 62.0 %; at a learning rate of 5e-4 the same four
// had 59.4, 55.8, 58.3 and 61.6 %. The fine-tuned model, which has seen no preference, finds the chosen answer the more probable one in
// 60.0 % (54.8 to 65.2 %): these answers differ in how likely they are. SimPO has no reference and its score contains that; DPO's and
// IPO's is what they gained over it, and starts from nothing. IPO's loss, a square of summed log-ratios less 5, stays near the 25 that
// it begins with: its gradients have a norm of 2,000 and are clipped to 1. DPO's falls from 0.69 to 0.52 on the training pairs.

#load "rewardkit.fsx"

open RewardKit

// The scale of DPO's reference code, with a model of an architecture that RewardKit has instead of its Pythia:
//
//     let pairs = Data.hhRlhf "PATH/hh-rlhf"
//     let start = Model.load ("PATH/llama-3-8b", maxPromptTokens = 256, maxResponseTokens = 256)
//     Training.settings (batchSize = 64, learningRate = 5e-7, warmupSteps = 150, maxGradNorm = 10.0, precision = Precision.BFloat16)

let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced
let start = Model.load ("models/stories260K", maxPromptTokens = 64, maxResponseTokens = 96)

let tuned =
    experiment "dpo-start" {
        model start
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
    training (Training.settings (epochs = 1, batchSize = 16, learningRate = 2e-4))

    arm "bradley-terry" [ Loss.bradleyTerry () ]
    arm "dpo" [ Loss.dpo (beta = 0.1); Score.implicitReward () ]
    arm "ipo" [ Loss.dpo (beta = 0.1, form = Dpo.Form.Ipo); Score.implicitReward () ]
    arm "simpo" [ Loss.simpo (); Score.implicitReward (reference = false, perToken = true) ]

    evaluate [ Evaluate.pairAccuracy pairs.Test ]
    seeds (if Script.small then [ 1 ] else [ 1; 2 ])
}
|> Experiment.run
|> ignore
