// DogeRM (Lin et al., arXiv:2407.01470): a reward model that knows a domain without preferences of that domain, by merging it with a
// language model that was fine-tuned there. Both start from one base. The share λ of the language model is swept and chosen on some pairs
// of the domain; others, and pairs from elsewhere, say what the choice is worth and what it costs. The base and the reward model learn from
// HH-RLHF, the domain is mathematics: GSM8K's solutions to learn from, right and wrong solutions of the same questions to judge.
//
//     artifacts/rewardkit run scripts/doge-rm.fsx              --seed 2 behind -- for another one
//     artifacts/rewardkit run scripts/doge-rm.fsx -- small     on very little, in seconds: does all work?
//
// With real models nothing is trained. Leave out both experiments that train, and say instead (each λ leaves a merged model in
// runs/doge-rm/merged: 21 of seven billion parameters are 300 GB or 600; take fewer):
//
//     let reward, maths = Model.load "PATH/reward-model", Model.load "PATH/metamath-7b"
//
// What it shows (seeds 1, 2 and 3; a minute each on two cores): nothing is won in the domain. Of 21 λ none is above chance on the 153 pairs
// that choose. They chose 0, 0.75 and 0.35, with 56.9, 53.6 and 57.5 % right; on the 213 test pairs these have 43.2, 46.5 and 43.2 %. That is
// the reward model itself; 3.8 points less than it (-12.7 to 5.2); and 6.6 less (-11.7 to -1.4). λ = 1, which the first seed's validation put
// 5 points behind, is 11.7 ahead there (2.8 to 21.1): so few pairs choose by luck. The merging is not to blame. The mathematics model finds
// the right solution the more probable one in 53.6, 52.3 and 53.6 % of the 153 pairs: so small a model learns how solutions sound, not whether
// they are right, and has nothing to hand over.
//
// What the paper says of other domains is seen: on 345 general pairs λ = 0.75 and 0.35 are right as often as the reward model (56.5 % both;
// 61.2 against 59.7 %, 1.4 points more, -2.9 to 5.8). With λ = 1, its head on the mathematics model's body, 51.9, 49.9 and 47.5 % are left.

#load "rewardkit.fsx"

open System
open System.IO
open System.IO.Compression
open System.Text.Json
open RewardKit

let start = Script.option ("seed", 1)
let harmless = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced
let helpful = Data.hhRlhf "data/hh-rlhf/helpful-base" |> Data.reduced

/// The domain has texts, no preferences. Every pair needs a rejected response; fine-tuning does not learn from it.
let solutions =
    let file = Script.path "data/gsm8k/train.jsonl.gz"
    use lines = new StreamReader(new GZipStream(File.OpenRead file, CompressionMode.Decompress))

    [ while not lines.EndOfStream do
          let record = JsonDocument.Parse(lines.ReadLine()).RootElement
          record.GetProperty("question").GetString(), record.GetProperty("answer").GetString(), "-" ]
    |> List.truncate (if Script.small then 32 else Int32.MaxValue)
    |> Data.ofPairs "solutions"

/// A right and a wrong solution of each question for which language models wrote both. What chooses λ is not what is reported.
let graded =
    Data.pairs ("data/gsm8k/example_model_solutions.jsonl.gz", pairing = Pairing.BestWorst)
    |> Data.split (0.4, seed = 1)
    |> Data.reduced

let validation, test = graded.Train, graded.Test

// The base: a small Llama that has read answers to people. From it a reward model, and a language model that has read solutions.
let settings = Training.settings (epochs = 3, batchSize = 16, learningRate = 2e-3, warmupRatio = 0.05)
let likelihood = Score.implicitReward (reference = false)

let chat =
    experiment "doge-rm-base" {
        model (
            Model.llama (
                tokenizer = "models/bpe-2k-tokenizer",
                hiddenSize = 64,
                layers = 2,
                heads = 4,
                maxPromptTokens = 96,
                maxResponseTokens = 192
            )
        )

        train (Data.concat [ harmless.Train; helpful.Train ])
        training settings
        arm "base" [ Loss.sft (); likelihood ]
        evaluate [ Evaluate.pairAccuracy harmless.Test ]
        seeds [ start ]
    }
    |> Experiment.run
    |> Experiment.trained ("base", seed = start)

let models =
    experiment "doge-rm-models" {
        model chat
        train harmless.Train
        training settings
        arm "reward" [ Loss.bradleyTerry () ]
        arm "maths" [ Arm.train solutions; Arm.training (learningRate = 1e-3); Loss.sft (); likelihood ]
        evaluate [ Evaluate.pairAccuracy validation ]
        seeds [ start ]
    }
    |> Experiment.run

let reward = models |> Experiment.trained ("reward", seed = start)
let maths = models |> Experiment.trained ("maths", seed = start)

// The sweep. Its arms train nothing.
let merged =
    sweep {
        let! share = Sweep.choice ("λ", (if Script.small then [ 0.0; 0.5; 1.0 ] else [ for i in 0..20 -> float i / 20.0 ]))
        let model = Merge.dogeRm () |> Merging.merge [ reward, 1.0 - share; maths, share ]
        return [ Members.scorer (Reward.model model) ]
    }

let search =
    experiment "doge-rm-sweep" {
        arms (Sweep.grid merged)
        evaluate [ Evaluate.pairAccuracy validation ]
        seeds [ start ]
    }

let best = search |> Experiment.run |> Sweep.best "pair-accuracy/accuracy"

// What the chosen λ is worth in the domain, and what it costs elsewhere, on pairs that chose nothing.
let result =
    search
    |> Experiment.named "doge-rm-test"
    |> Experiment.only (List.distinct [ "λ 0"; best.Arm; "λ 1" ])
    |> Experiment.evaluate [ Evaluate.pairAccuracy test; Evaluate.pairAccuracy harmless.Test ]
    |> Experiment.run

let range (interval: Interval) = $"(%.1f{100.0 * interval.Low} to %.1f{100.0 * interval.High})"

for pairs, metric in [ "solutions (#1)", "pair-accuracy/accuracy"; "general answers (#2)", "pair-accuracy#2/accuracy" ] do
    printfn $"%% right, of the test pairs of {pairs}; {best.Arm} is the chosen one"

    for arm in Result.arms result do
        let interval = result |> Result.interval arm metric |> Option.map range |> Option.defaultValue ""
        printfn $"    %-8s{arm} %5.1f{100.0 * Result.mean arm metric result} {interval}"

    if best.Arm <> "λ 0" then
        for more in result |> Result.difference best.Arm "λ 0" metric |> Option.toList do
            let points = (100.0 * more.Difference).ToString "+0.0;-0.0;0.0"
            printfn $"    {best.Arm} less λ 0: {points} points {range more.Interval}"
