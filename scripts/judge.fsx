// Language models as judges (Zheng et al., arXiv:2306.05685), and how far they agree with people: on 489 pairs of PandaLM's test set
// (arXiv:2306.05087), of which three people said which answer is better, and on 111 pairs of MT-Bench. Nothing is trained.
//
//     artifacts/rewardkit run scripts/judge.fsx
//     artifacts/rewardkit run scripts/judge.fsx -- small    without MT-Bench: does all work?
//
// There is no language model here that could judge. Its place take RULES of this script with a bias that is known, and one replay:
// what GPT-3.5 said of PandaLM's pairs, as its authors recorded it. `servers` below is the line to change for a real one.
//
// What it shows (seconds). A judge that always says A says otherwise of every pair in the other order: all are ties, accuracy 50.0 %.
// One that goes by length is right in 69.8 % (65.5 to 74.0) of the pairs that people decide, in 68.0 % of MT-Bench's: so much is length
// alone. One that prefers the first answer, unless the second is half as long again, contradicts itself in 42.5 % of the pairs and has
// 66.7 % either way; in one order a pair it costs half, has no ties, and 66.3 %. GPT-3.5 has 80.4 % (76.9 to 83.8) and says what most
// people say, ties included, in 71.4 % of all pairs (kappa 0.50), PandaLM-7B in 67.9 % (0.45); people agree with each other in 91.7 %
// (0.86). That the replay contradicts itself in 3.7 % comes of answers that several models gave, with different verdicts. The report
// has all numbers, and what share of its comparisons each model wins by people and by each judge.

#load "rewardkit.fsx"

open System.IO
open System.IO.Compression
open System.Text.Json
open RewardKit

/// What stands between two marks of a prompt.
let part (name: string) (prompt: string) =
    let start = prompt.IndexOf $"<{name}>" + name.Length + 3
    prompt.Substring(start, prompt.IndexOf($"</{name}>", start) - start - 1)

/// A judge that compares, by a rule: from the answers shown as A and as B to what it writes.
let rule name verdict =
    Generator.scripted (name, fun prompt -> verdict (part "answer_a" prompt) (part "answer_b" prompt))

let longer (a: string) (b: string) =
    if a.Length > b.Length then "A says more. [[A]]"
    elif b.Length > a.Length then "B says more. [[B]]"
    else "Neither says more. [[C]]"

let records (file: string) =
    use text = new GZipStream(File.OpenRead(Script.path $"data/pandalm/{file}.json.gz"), CompressionMode.Decompress)
    [ for record in JsonDocument.Parse(text).RootElement.EnumerateArray() -> record ]

/// What GPT-3.5 said of PandaLM's pairs, by their texts; the first where several models wrote the same answers.
let recorded =
    // Some answers are a bare true, and are shown as the file has them.
    let field (name: string) (record: JsonElement) =
        let value = record.GetProperty name
        if value.ValueKind = JsonValueKind.String then value.GetString() else value.GetRawText()

    [ for pair, said in List.zip (records "testset-v1") (records "gpt-3.5-turbo-testset-v1") do
          let input = pair |> field "input"
          let asked = if input = "" then pair |> field "instruction" else (pair |> field "instruction") + "\n\n" + input
          (asked, pair |> field "response1", pair |> field "response2"), (said |> field "gpt_result", said |> field "gpt_reason") ]
    |> List.rev
    |> Map.ofList

/// It saw each pair in one order; shown in the other, it is taken to say the same of the same answer.
let replayed =
    Generator.scripted (
        "GPT-3.5, recorded",
        fun prompt ->
            let asked, a, b = part "conversation" prompt, part "answer_a" prompt, part "answer_b" prompt

            let write (verdict, reason) first second =
                match verdict with
                | "1" -> $"{reason} [[{first}]]"
                | "2" -> $"{reason} [[{second}]]"
                | "Tie" -> $"{reason} [[C]]"
                | none -> none

            match recorded |> Map.tryFind (asked, a, b), recorded |> Map.tryFind (asked, b, a) with
            | Some said, _ -> write said "A" "B"
            | None, Some said -> write said "B" "A"
            | None, None -> "I do not know these answers."
    )

let compare orders =
    Score.llmJudge (mode = LlmJudge.Mode.Pairwise, orders = orders, unreadable = LlmJudge.Unreadable.Neutral)

let judge generator = [ Generator.only generator; compare LlmJudge.Orders.Agree ]

// A real one: [ "qwen", judge (Generator.server (url = "http://localhost:8000/v1", model = "NAME")) ].
let servers: (string * Step list) list = []

/// Prefers what stands first, unless the other one is half as long again.
let biased =
    rule "the first, unless the second is much longer" (fun a b -> if 2 * b.Length > 3 * a.Length then "[[B]]" else "[[A]]")

let rating =
    Generator.scripted (
        "rates by length",
        fun prompt ->
            let answer = part "answer" prompt
            $"Rating: [[{min 10 (1 + answer.Length / 50)}]]"
    )

let onMtBench = not Script.small

let rules =
    [ "always A", judge (Generator.scripted ("always A", fun _ -> "A stands first. [[A]]"))
      "the longer", judge (rule "the longer" longer)
      "the first, unless", judge biased
      "the first, unless; averaged", [ Generator.only biased; compare LlmJudge.Orders.Average ]
      "the first, unless; one order", [ Generator.only biased; compare LlmJudge.Orders.One ]
      "rates by length", [ Generator.only rating; Score.llmJudge () ] ]

experiment "judge" {
    arms (servers @ rules)
    arm "GPT-3.5, recorded" (judge replayed)
    evaluate [ Evaluate.judgeAgreement ("data/pandalm/testset-v1.json.gz", recorded = "data/pandalm/pandalm-7b-testset-v1.json.gz") ]
    seeds [ 1 ]
}
|> Experiment.run
|> ignore

if onMtBench then
    experiment "judge-mt-bench" {
        arms (servers @ rules)
        evaluate [ Evaluate.judgeAgreement "data/mt-bench/dataset.json.gz" ]
        seeds [ 1 ]
    }
    |> Experiment.run
    |> ignore
