// ALaRM (Lai et al., arXiv:2403.06754): a holistic reward, and aspects that speak at places in an answer, but only of answers that the
// holistic reward likes already; of the aspects the one is taken that contradicts it least. Here the holistic reward is Bradley and Terry's on
// HH-RLHF's harmlessness pairs, the aspects are rules. A minute of processor time.
//
//     artifacts/rewardkit run scripts/alarm.fsx
//     artifacts/rewardkit run scripts/alarm.fsx -- small    on very little, in seconds: does all work?
//
// What it shows (345 held-out pairs, 95 % intervals, two seeds): with the chosen aspect nothing is won. Apologies contradict the reward model in
// 3 % of the training pairs, the other aspects in 29 to 48 %. But that is because they are rare: an aspect that says the same of both answers
// contradicts nobody. Holistic only is right in 62.9 % (58.4 to 67.2), the weighted sum in 63.0 %, the hierarchy in 62.9 %; apologies alone
// settle 14 % of the pairs, 10.4 % rightly.
//
// What the hierarchy is good for, all aspects at once show. Their weighted sum is worth nothing, 49.6 % (44.5 to 54.6), and prefers the longer
// answer in 89.5 % of the pairs: shaped by σ, every place that an aspect speaks at adds something, and long answers have more places. The
// hierarchy, where that counts only for answers that the reward model likes, keeps 62.2 % (57.7 to 66.5). Without shaping the weighted sum has
// 63.0 %, too, and the hierarchy nothing to mend.
//
// What it does not try is what the paper is about, a policy that learns from these rewards token by token. Best of N is left out: no model here
// writes answers to such prompts that are worth a choice.

#load "rewardkit.fsx"

open System.Collections.Generic
open System.Text.RegularExpressions
open RewardKit

let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced

// Aspects: what each says, and at which places of an answer. More is better.
let ends (text: string) pattern = [ for part in Regex.Matches(text, pattern) -> part.Index + part.Length, part.Value ]
let sentences text = ends text @"[^.!?]+[.!?]*"

let aspects =
    [
        // Speaks where it has something to praise, and is silent elsewhere.
        Reward.within (
            "apologies",
            fun _ answer -> [ for place, _ in ends (answer.ToLowerInvariant()) @"\b(sorry|apologi[sz]e|afraid|regret)\b" -> place, 1.0 ]
        )

        // At the end of every sentence, as the paper's factuality.
        Reward.within (
            "statements",
            fun _ answer -> [ for place, sentence in sentences answer -> place, (if sentence.EndsWith '?' then -0.5 else 0.5) ]
        )

        // At every word, as the paper's grammar: 0 is right, -1 a fault.
        Reward.within (
            "no repetition",
            fun _ answer ->
                let said = HashSet()
                [ for place, word in ends (answer.ToLowerInvariant()) @"[\w'’]+" -> place, (if said.Add word then 0.0 else -1.0) ]
        )

        // Contradicts: of these pairs the shorter answer is mostly the better one.
        Reward.within ("much to read", fun _ answer -> [ for place, _ in sentences answer -> place, 0.5 ])
    ]

/// The reward model with a weight, and aspects beside it. This trains nothing.
let composed weight composer =
    composer :: Members.arm ("bradley-terry", weight = weight) :: [ for aspect in aspects -> Members.scorer aspect ]

let result =
    experiment "alarm" {
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

        // The paper's four modes, with the one aspect that contradicts the reward model least on the training pairs.
        arm "holistic only" (composed 5.0 (Score.alarm (mode = Alarm.Mode.HolisticOnly, aspects = 1)))
        arm "weighted sum" (composed 5.0 (Score.alarm (mode = Alarm.Mode.WeightedSum, aspects = 1)))
        arm "hierarchical" (composed 5.0 (Score.alarm (aspects = 1)))
        arm "aspect only" (composed 0.0 (Score.alarm (mode = Alarm.Mode.WeightedSum, aspects = 1)))

        // What selection is for: all of them, contradicting or not; and what shaping has to do with it.
        arm "weighted sum of all" (composed 5.0 (Score.alarm (mode = Alarm.Mode.WeightedSum)))
        arm "hierarchical, all" (composed 5.0 (Score.alarm ()))
        arm "weighted sum of all, unshaped" (composed 5.0 (Score.alarm (mode = Alarm.Mode.WeightedSum, shaping = false)))
        arm "hierarchical, all, unshaped" (composed 5.0 (Score.alarm (shaping = false)))

        evaluate [ Evaluate.pairAccuracy pairs.Test; Evaluate.lengthBias pairs.Test ]
        seeds (if Script.small then [ 1 ] else [ 1; 2 ])
    }
    |> Experiment.run

printfn "How often an aspect contradicts the reward model on the training pairs, by seed, in %%"

for metric in Result.metrics result do
    match metric.Split "inconsistency of " with
    | [| _; aspect |] ->
        let values = result |> Result.bySeed "hierarchical" metric |> List.map (fun (_, value) -> $"%5.1f{value}") |> String.concat " "
        printfn $"    %-29s{aspect} {values}"
    | _ -> ()

printfn "%% of the test pairs in which the better answer has the higher reward, and in which the longer one has"

for arm in Result.arms result do
    let right = Result.mean arm "pair-accuracy/accuracy" result
    let longer = Result.mean arm "length-bias/longer-preferred" result

    for interval in Result.interval arm "pair-accuracy/accuracy" result |> Option.toList do
        printfn $"    %-29s{arm} %.1f{100.0 * right} (%.1f{100.0 * interval.Low} to %.1f{100.0 * interval.High})   %5.1f{100.0 * longer}"
