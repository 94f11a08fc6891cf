// How clean are preference labels, and does cleaning pay? Anthropic's HH-RLHF as it is published, cleaned after the protocol of "Elephant
// in the Room" (arXiv:2409.19024) by rules and a list of rude words alone, and by votes, too. People's votes are not to be had here: a
// committee of four small reward models stands in, each trained on the half of the pairs that it does not vote on.
//
//     artifacts/rewardkit run scripts/cleaning.fsx             a minute on two cores
//     artifacts/rewardkit run scripts/cleaning.fsx -- small    on very little, in seconds: does all work?
//
// The rules remove little: 4 of 1,285 harmlessness pairs (a dialogue that differs on the two sides in 2, an empty answer in 1, rude words on
// both sides in 1) and 8 of 1,368 helpfulness pairs; what that does to accuracy no test of this size can show. The committee would turn
// about a third (33.2 % and 32.4 %) and drop a seventh (14.3 % and 12.9 %), and that says more of it than of the labels: its members are
// right in 58 to 60 % of held-out pairs. So it changes nothing for the better: on the cleaned held-out pairs (two seeds, 95 % intervals)
// models of raw pairs are right in 62.0 % (57.5 to 66.4) on harmlessness and 61.2 % (56.0 to 66.0) on helpfulness, of pairs cleaned by rules
// in 63.0 % (58.6 to 67.5) and 60.5 % (55.8 to 65.0), by the committee in 62.2 % (57.5 to 66.7) and 59.5 % (54.3 to 64.5). Fewer than one
// in ten chosen harmlessness answers has more reward than an empty one (8.7 %); of the chosen helpfulness answers nine in ten have (90.2 %).
// Length may have a part in it: the longer answer is the better one in 44 % of the one and in 59 % of the other.

#load "rewardkit.fsx"

open System.IO
open System.Text.Json
open RewardKit

let words = "data/rude-words.txt"
let members = if Script.small then [ 1..3 ] else [ 1..4 ]
let settings = Training.settings (epochs = 2, batchSize = 16, learningRate = 2e-3, warmupRatio = 0.05, weightDecay = 0.01)

let start =
    Model.llama (
        tokenizer = "models/bpe-2k-tokenizer",
        hiddenSize = 32,
        intermediateSize = 88,
        layers = 2,
        heads = 4,
        maxPromptTokens = 64,
        maxResponseTokens = 128
    )

/// A file of votes on pairs: those of models that were trained on the other half of them.
let vote name (pairs: PairSplits) =
    let halves = pairs.Train |> Data.split (0.5, seed = 1)

    let committee =
        experiment $"cleaning-committee-{name}" {
            model start
            train halves.Train
            training settings
            arm "first half" [ Loss.bradleyTerry () ]
            arm "second half" [ Loss.bradleyTerry (); Arm.train halves.Test ]
            evaluate [ Evaluate.pairAccuracy pairs.Test ]
            seeds members
        }
        |> Experiment.run

    let ballots =
        [ for half, unseen in [ "first half", halves.Test; "second half", halves.Train ] do
              let voters = [ for seed in members -> Reward.model (committee |> Experiment.trained (half, seed = seed)) ]

              for row in voters |> List.map (fun voter -> unseen |> Scores.pairs voter) |> List.transpose do
                  let votes = [ for vote in row -> if vote.Chosen > vote.Rejected then "agree" elif vote.Chosen < vote.Rejected then "disagree" else "tie" ]
                  JsonSerializer.Serialize {| id = row.Head.Pair.Id; votes = votes |} ]

    let file = Path.Combine(Script.runs, $"votes-{name}.jsonl")
    File.WriteAllLines(file, ballots)
    file

/// A line of a text, for a terminal.
let line (text: string) =
    let text = text.ReplaceLineEndings " "
    if text = "" then "(nothing)" elif text.Length > 110 then text[..107] + "…" else text

/// What became of the pairs, with the first of each kind that did not stay. Some of it is offensive.
let show title (decisions: Decision list) =
    printfn "\n%s: of %d pairs" title decisions.Length

    for (category, action), kind in decisions |> List.groupBy (fun d -> d.Category, d.Action) |> List.sortByDescending (snd >> List.length) do
        printfn "  %-5s %-20s %5d  %5.1f %%" action category kind.Length (100.0 * float kind.Length / float decisions.Length)

        for sample in kind |> List.filter (fun d -> d.Action <> "keep") |> List.truncate 1 do
            printfn "        %s" sample.Id
            printfn "        asked     %s" (line sample.Prompt.LastContent)
            printfn "        chosen    %s" (line sample.Chosen.LastContent)
            printfn "        rejected  %s" (line sample.Rejected.LastContent)

for name in [ "harmless"; "helpful" ] do
    let pairs = Data.hhRlhf ($"data/hh-rlhf/{name}-base", keepFaulty = true) |> Data.reduced
    let votes = vote name pairs

    let result =
        experiment $"cleaning-{name}" {
            model start
            train pairs.Train
            training settings
            arm "raw" [ Loss.bradleyTerry () ]
            arm "rules" [ Augment.hhCleaning (toxicWords = words); Loss.bradleyTerry () ]
            arm "committee" [ Augment.hhCleaning (toxicWords = words, votes = votes); Loss.bradleyTerry () ]
            evaluate [ Evaluate.pairAccuracy pairs.Test; Evaluate.hhCleaning (pairs.Test, toxicWords = words) ]
            seeds (if Script.small then [ 1 ] else [ 1; 2 ])
        }
        |> Experiment.run

    for arm in [ "rules"; "committee" ] do
        show $"{name}, {arm}" (result |> Result.decisions arm)
