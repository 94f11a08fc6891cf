namespace RewardKit

open System.Text.RegularExpressions
open RewardKit.Hosting.Decoding
open RewardKit.Hosting.Scoring
open RewardKit.Hosting.Generators

/// How often one system's answers are the better ones: wins, ties, losses, and the rate in which a tie counts half.
type WinRate = RewardKit.Hosting.Decoding.WinRate

/// What to do with answers.
module Answers =
    /// The reward of each answer: by a function or a trained model. A model's rewards are kept in the script's runs folder.
    let rewards (scorer: ScorerSpec) (answers: Answer list) : float list =
        let requests =
            answers
            |> List.map (fun answer -> ScoreRequest(answer.Prompt, Conversation.Assistant answer.Text))
            |> List.toArray

        (Work.context "Answers.rewards").Score(scorer, requests, Work.folder "rewards", Script.cancellation) |> List.ofSeq

    /// How far each answer's sampling lay from the model that Decoding.answer was told to measure it against, in nats. The
    /// mean is the Kullback-Leibler divergence of the two distributions over answers.
    let divergences (answers: Answer list) : float list =
        answers
        |> List.map (fun answer ->
            if answer.Divergence.HasValue then
                answer.Divergence.Value
            else
                raise (
                    RewardKitException.Input
                        "Answers.divergences: it was not measured. Give Decoding.answer the base model with against = MODEL; a decoder that chooses among texts must say it itself."
                ))

    /// How little each answer repeats itself: the product over n = 2, 3 and 4 of distinct / (all + 1) of its runs of n words, as
    /// ARGS is judged by (arXiv:2402.01694). Case and punctuation count; an answer of less than four words has 0.
    let diversities (answers: Answer list) : float list =
        let words (text: string) = [| for word in Regex.Matches(text, @"\w+|[^\w\s]") -> word.Value |]

        let share (words: string[]) n =
            let runs = Array.windowed n words
            float (Array.distinct runs).Length / float (runs.Length + 1)

        [ for answer in answers ->
              let words = words answer.Text
              share words 2 * share words 3 * share words 4 ]

    let private byPrompt (answers: Answer list) = answers |> List.groupBy _.Prompt

    /// What the best of n answers to a prompt is worth, prompt by prompt: chosen by rewards, measured by values, as Answers.rewards
    /// gives both. The mean over all ways to choose n of the prompt's answers; with rewards for values, too, what they rise to.
    /// How far the best of n lies from what sampled them: `BestOfN.DivergenceBound n`.
    let bestOfN (n: int) (rewards: float list) (values: float list) (answers: Answer list) : float list =
        if rewards.Length <> answers.Length || values.Length <> answers.Length then
            raise (
                RewardKitException.Input
                    $"Answers.bestOfN: {answers.Length} answers, and {rewards.Length} rewards and {values.Length} values; expected one each."
            )

        [ for _, group in List.zip3 answers rewards values |> List.groupBy (fun (answer, _, _) -> answer.Prompt) do
              if n < 1 || n > group.Length then
                  raise (RewardKitException.Input $"Answers.bestOfN: the best of {n}, where a prompt has {group.Length} answers; expected 1 to {group.Length}.")

              let _, rewards, values = List.unzip3 group
              BestOfN.ExpectedValue(List.toArray rewards, List.toArray values, n) ]

    /// Answers of two systems to the same prompts, side by side.
    let private together name (first: Answer list) (second: Answer list) =
        let one, other = byPrompt first, byPrompt second
        let shape groups = groups |> List.map (fun (prompt, answers: Answer list) -> prompt, answers.Length)

        if shape one <> shape other then
            raise (RewardKitException.Input $"{name}: the two systems answered other prompts, or not as often each; give both the same prompts and samples.")

        List.zip first second

    /// How often the first system's answers get a higher reward than the second's to the same prompt.
    let winRate (scorer: ScorerSpec) (first: Answer list) (second: Answer list) : WinRate =
        let pairs = together "Answers.winRate" first second
        let scores = List.zip (rewards scorer first) (rewards scorer second)

        (pairs, scores)
        ||> List.map2 (fun (answer, _) (a, b) -> struct (answer.Prompt, System.Nullable(0.5 + 0.5 * float (compare a b |> sign))))
        |> WinRate.Of

    /// How often a judge prefers the first system's answers to the second's. It sees each two answers in both orders; where
    /// its verdicts differ, each counts half. A reply without a verdict counts for neither.
    let judged (judge: GeneratorSpec) (criterion: string) (first: Answer list) (second: Answer list) : WinRate =
        let question (prompt: string) (a: string) (b: string) =
            $"Here are a prompt and two answers.\n\n<prompt>\n{prompt}\n</prompt>\n\n<answer-a>\n{a}\n</answer-a>\n\n<answer-b>\n{b}\n</answer-b>\n\n\
              {criterion} The order of the answers means nothing. End with your verdict: [[A]] if answer A is better, [[B]] if answer B is better, [[C]] if neither is."

        let pairs = together "Answers.judged" first second

        let requests =
            [| for a, b in pairs do
                   for one, other in [ a, b; b, a ] do
                       TextRequest(Conversation.User(question a.Question one.Text other.Text), GenerationOptions(MaxTokens = 512)) |]

        let verdict (reply: TextReply) =
            match Regex.Matches(reply.Text, @"\[\[([ABC])\]\]") |> Seq.tryLast with
            | Some found when found.Groups[1].Value = "A" -> Some 1.0
            | Some found when found.Groups[1].Value = "B" -> Some 0.0
            | Some _ -> Some 0.5
            | None -> None

        let replies = (Work.context "Answers.judged").Ask(judge, requests, Work.folder "judged", Script.cancellation)

        [| for (a, _), both in List.zip pairs (replies |> Seq.map verdict |> Seq.chunkBySize 2 |> List.ofSeq) do
               match both with
               | [| Some forward; Some backward |] -> struct (a.Prompt, System.Nullable((forward + 1.0 - backward) / 2.0))
               | _ -> struct (a.Prompt, System.Nullable()) |]
        |> WinRate.Of
