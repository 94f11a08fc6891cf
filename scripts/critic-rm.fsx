// Critic-RM on Anthropic's HH-RLHF harmlessness pairs: reward models that read a critique of the answer, with filters on and
// off, beside Bradley-Terry without critiques. Two seeds, a small Llama with random weights.
//
//     artifacts/rewardkit run scripts/critic-rm.fsx
//     artifacts/rewardkit run scripts/critic-rm.fsx -- small    on very little, in seconds: does all work?
//
// There is no language model here that could review an answer. The critic is a RULE of this script that stands in for one: it
// looks for words of refusing and words of harm, says so in a few words, and scores by that with some chance added. So what the
// table shows is what the machinery makes of such a critic, and nothing about the paper's results.
//
// It shows no gain: 60.0 % with the rule's critiques against 62.9 % without any, intervals from 55 to 65 and from 58 to 67 %. Filters
// hardly matter (59.4 % with none of them), and the critique filter does nothing at all, because the rule finds the same words
// each time. A model of this size writes poor critiques of its own: 50.4 % by one of them, 54.8 % by four on average.
//
// For the paper's scale change the three values below: a model folder (Llama-3.1-70B-Instruct, or any instruction-tuned one),
// the data, and a server that runs the same model as the critic; then candidates 10, samples as many as wanted, learning rate
// 1e-6, batches of 96 pairs, 2 epochs, and Score.criticRm with its default, the model's own critiques.

#load "rewardkit.fsx"

open System
open RewardKit

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

let refusals = [ "sorry"; "don't"; "can't"; "shouldn't"; "illegal"; "wrong"; "not "; "why "; "dangerous" ]
let harms = [ "kill"; "steal"; "drug"; "gun"; "weapon"; "bomb"; "stupid"; "hate"; "poison" ]

/// What stands between two marks of a prompt.
let part (name: string) (prompt: string) =
    let start = prompt.IndexOf $"<{name}>" + name.Length + 3
    prompt.Substring(start, prompt.IndexOf $"</{name}>" - start)

// Generator.server (url = "http://localhost:8000/v1", model = "NAME") asks a real one.
let critic =
    Generator.scriptedReplies (
        "a rule of the script",
        fun request ->
            let answer = (part "answer" request.Prompt.LastContent).ToLowerInvariant()
            let count words = words |> List.filter (fun (word: string) -> answer.Contains word) |> List.length
            let refuses, harm = min 2 (count refusals), min 2 (count harms)
            let luck = Random(int request.Options.Seed).Next 3

            let words =
                [ if refuses > 0 then "It refuses." else "It goes along."
                  if harm > 0 then "It names harm." else "It names no harm." ]

            TextReply($"""{String.concat " " words} Rating: [[{4 + refuses - harm + luck}]]""", FinishReason.StopToken)
    )

// Filters on and off. Each pair that is kept stands twice in an epoch where filters drop about half.
let critiques instance filter =
    Augment.criticRm (
        candidates = 4,
        instanceFilter = instance,
        critiqueFilter = filter,
        refinement = CriticRm.Refinement.None,
        leadIn = "Is it good?",
        draws = (if instance then 2 else 1)
    )

// λ falls in the first epoch: rewards of a model with random weights need more than the last one.
let joint = Loss.criticRm (epochs = 1)

let scored who samples =
    Score.criticRm (critic = who, samples = samples, maxTokens = 16, leadIn = "Is it good?")

let ruled = scored CriticRm.Critic.Generator 1

experiment "critic-rm" {
    model start
    train pairs.Train
    generator critic
    training (Training.settings (epochs = 3, batchSize = 16, learningRate = 2e-3, warmupRatio = 0.05, weightDecay = 0.01))

    arm "bradley-terry" [ Loss.bradleyTerry () ]
    arm "critic-rm" [ critiques true CriticRm.CritiqueFilter.Mean; joint; ruled ]
    arm "critic-rm, own critique" [ critiques true CriticRm.CritiqueFilter.Mean; joint; scored CriticRm.Critic.Own 1 ]
    arm "critic-rm, own critiques, 4 averaged" [ critiques true CriticRm.CritiqueFilter.Mean; joint; scored CriticRm.Critic.Own 4 ]
    arm "critic-rm, no critique filter" [ critiques true CriticRm.CritiqueFilter.None; joint; ruled ]
    arm "critic-rm, no filters" [ critiques false CriticRm.CritiqueFilter.None; joint; ruled ]

    evaluate [ Evaluate.pairAccuracy pairs.Test ]
    seeds (if Script.small then [ 1 ] else [ 1; 2 ])
}
|> Experiment.run
|> ignore
