// Rewards of steps (Lightman et al., arXiv:2305.20050; Wang et al., arXiv:2312.08935) against rewards of outcomes: a model that learns which
// step of a solution is the first wrong one, and one that learns which of two solutions is the better one. First on walks, of which everything
// is known, then on GSM8K's graded solutions (Cobbe et al., arXiv:2110.14168).
//
//     artifacts/rewardkit run scripts/process-reward.fsx
//     artifacts/rewardkit run scripts/process-reward.fsx -- small    on very little, in seconds: does all work?
//
// What it shows (two seeds, 95 % intervals; 82 s on two cores). Walks, 378 training pairs: the model of steps takes a right walk among those
// of a question in 75.7 % (71.0 to 80.2) by its least probable step, 76.5 % by the product, 74.5 % by the last; the outcome model in 47.0 %
// (42.1 to 52.2), chance in 35.9 %. It names the first wrong step of 63 % of the wrong walks, and none in 86 % of the right ones. One wrong step
// among six is a weak signal for a model that hears of the outcome alone. On GSM8K, 750 training pairs and a small model with random weights,
// nothing of the kind: labels of steps tell right steps from wrong ones better (AUROC 60.9 % against 56.0 and 53.4 %), but no model chooses
// among a question's solutions better than chance (46.9 %), and longer solutions win as often as the models say. That needs a model that can
// calculate. The labels of steps come from a rule there, not from people; and the least and the product prefer solutions of few steps.

#load "rewardkit.fsx"

open System
open RewardKit

/// A walk over digits by a rule that nobody tells: behind x comes 3x + 1, of which the last digit is kept. A wrong walk leaves the rule
/// once, and follows it from there.
let walk (random: Random) (start: int) wrongAt =
    let step (digit, right, steps) place =
        let error = if Some place = wrongAt then random.Next(1, 10) else 0
        let next = (3 * digit + 1 + error) % 10
        let right = right && error = 0
        next, right, ($"{digit} to {next}", right) :: steps

    let _, _, steps = [ 0..5 ] |> List.fold step (start, true, [])
    List.rev steps

let walks =
    let random = Random 1
    let questions = if Script.small then 60 else 400

    [
        for question in 1..questions do
            let start = random.Next 10
            let right = random.Next(1, 4)

            for place in 1..4 do
                $"Walk {question} from {start}.", walk random start (if place <= right then None else Some(random.Next 6))
    ]
    |> Data.ofSteps "walks"
    |> Data.split 0.5
    |> Data.reduced

/// The grades are those of whole solutions. A step counts as wrong from the first number on that neither question nor reference has.
let gsm8k = "data/gsm8k/example_model_solutions.jsonl.gz"
let solutions = Data.pairs gsm8k |> Data.split 0.6 |> Data.reduced

/// The same solutions, with the grade of the whole at each step: outcome supervision of every step.
let graded = Data.pairs (gsm8k, steps = StepSource.Outcome) |> Data.split 0.6 |> Data.reduced

let compare name (pairs: PairSplits) (limits: int * int) (epochs: int) (more: (string * Step list) list) =
    let prompt, response = limits

    experiment name {
        model (
            Model.llama (
                tokenizer = "models/bpe-2k-tokenizer",
                hiddenSize = 64,
                intermediateSize = 176,
                layers = 2,
                heads = 4,
                maxPromptTokens = prompt,
                maxResponseTokens = response
            )
        )

        train pairs.Train
        training (Training.settings (epochs = epochs, batchSize = 16, learningRate = 2e-3, warmupRatio = 0.05, weightDecay = 0.01))

        // What Score.processReward makes of the steps' probabilities is the solution's reward; the model alone would give the one at its end mark,
        // which no label speaks of.
        arms (
            [ "outcome", [ Loss.bradleyTerry () ]; "steps", [ Loss.processReward (); Score.processReward () ] ] @ more
        )

        evaluate [ Evaluate.pairAccuracy pairs.Test; Evaluate.stepAccuracy pairs.Test ]
        seeds [ 1; 2 ]
    }
    |> Experiment.run
    |> ignore

compare "process rewards on walks" walks (32, 64) 8 []

compare "process rewards on GSM8K" solutions (160, 320) 4 [
    "outcome, every step", [ Loss.processReward (); Score.processReward (); Arm.train graded.Train ]
]
