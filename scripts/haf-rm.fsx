// HAF-RM (arXiv:2407.04185) on Anthropic's HH-RLHF harmlessness pairs: the hybrid loss beside its two halves, and ablations of α
// and of the policy loss. Three seeds each, some four minutes.
//
//     artifacts/rewardkit run scripts/haf-rm.fsx
//     artifacts/rewardkit run scripts/haf-rm.fsx -- small    on very little, in seconds: does all work?
//
// What it shows, and what it does not: α = 0.2 (63.4 %), α = 1 (63.4 %) and hinge (63.1 %) lie above the baseline's 61.2 %, as in the
// paper, but by less than 345 held-out pairs can tell apart, and simple word bigrams reach 62.2 %. The model starts from random
// weights: its language-model head knows nothing that the policy loss could keep. DPO's implicit reward is right in 63.7 %, that of
// α = 0.2, α = 1 and hinge in 63 to 64 %, so their language-model heads have learnt the preferences as well as DPO's; SimPO's
// (47.7 %) not at all. IPO (54.9 %) and SLiC (54.5 %) fall behind for a reason: their losses are large at first, their gradients 16
// to 24 times the norm that they are clipped to, and little is left of the reward loss. They need a smaller α.

#load "rewardkit.fsx"

open RewardKit
open RewardKit.Hosting.Experiments

// The paper's scale:
//
//     let pairs = Data.hhRlhf "PATH/harmless-base"              // train.jsonl.gz and test.jsonl.gz of Anthropic's release
//     let start = Model.load ("PATH/phi-2", maxPromptTokens = 128, maxResponseTokens = 384)
//     let settings =
//         Training.settings (
//             epochs = 10, maxSteps = 3200, batchSize = 16, microBatchSize = 1, learningRate = 1e-5, schedule = Schedule.Constant,
//             warmupRatio = 0.0, epsilon = 1e-5, precision = Precision.BFloat16
//         )
//
// or Model.load "PATH/mistral-7b" |> Model.lora (rank = 64, alpha = 16.0, targets = [ "gate_proj"; "up_proj"; "down_proj" ])
// with learning rate 3e-5.

let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced

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

let settings =
    Training.settings (
        epochs = 3,
        batchSize = 16,
        learningRate = 2e-3,
        warmupRatio = 0.05,
        weightDecay = 0.01,
        epsilon = 1e-5,
        validateEvery = 1000000 // once, at the end
    )

let result =
    experiment "haf-rm" {
        model start
        train pairs.Train
        validate pairs.Test
        training settings

        arm "baseline" [ Loss.hafRm (alpha = 0.0) ]
        // HAF-RM without its reward loss: a language model, which is judged by its implicit reward.
        arm "dpo" [ Loss.hafRm (rewardWeight = 0.0); Score.implicitReward () ]
        arm "haf-rm" [ Loss.hafRm (alpha = 0.2, tau = 0.1) ]
        arm "alpha 1" [ Loss.hafRm (alpha = 1.0) ]

        arms [
            for kind in [ HafRm.PolicyLoss.Hinge; HafRm.PolicyLoss.Ipo; HafRm.PolicyLoss.Slic; HafRm.PolicyLoss.Simpo ] do
                $"{kind}".ToLowerInvariant(), [ Loss.hafRm (policyLoss = kind) ]
        ]

        evaluate [ Evaluate.pairAccuracy (pairs.Test, ties = PairAccuracy.Ties.Half) ]
        seeds (if Script.small then [ 1 ] else [ 1; 2; 3 ])
    }
    |> Experiment.run

// The language-model head on the same held-out pairs: how often its implicit reward τ(log π − log π_ref) is right; SLiC has none.
printfn "\nimplicit reward, accuracy on held-out pairs"

for arm, runs in result.Runs |> Seq.groupBy _.Arm do
    let accuracies =
        [
            for run in runs do
                match (Seq.last run.Log.Steps).Metrics.TryGetValue "eval/acc.implicit" with
                | true, accuracy -> accuracy
                | _ -> ()
        ]

    if not accuracies.IsEmpty then
        let mean = List.average accuracies
        let held = (Seq.head runs).Measurements["pair-accuracy/accuracy"].Items.Count
        let interval = Statistics.Wilson(mean, held)
        printfn $"  %-10s{arm}  %5.1f{100.0 * mean} %%   %.1f{100.0 * interval.Low} to %.1f{100.0 * interval.High} %%"
