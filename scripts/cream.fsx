// CREAM (arXiv:2410.12735) and self-rewarding training without it (SRLM), three rounds each from the same start, in a world whose
// true reward is known: a prompt asks what is in a place, and an answer is worth as much as it names things of that place. A small
// Llama learns to answer with any things (the origin), then with things of the place, but for one prompt in four, in which the
// examples name those of another place: there it judges wrongly, which is the planted noise. Two seeds, some minutes.
//
//     artifacts/rewardkit run scripts/cream.fsx
//     artifacts/rewardkit run scripts/cream.fsx -- small    on very little, in seconds: does all work?
//
// A round is an experiment: the model answers new prompts, judges its own answers, and trains on pairs of the best and the worst; what
// it leaves is where the next one starts. Killed at any moment, the same command goes on from there.
//
// What it shows: the pairs that the start makes of its own answers are in the right order in 70 and 76 % (two seeds). In the third round
// that holds of 42 and 33 % of SRLM's pairs, 67 and 57 % of CREAM's, 55 and 52 % with each prompt's own consistency as the label. All lose,
// for nothing in these rounds tells them the truth. CREAM loses less because of its first round, where the origin's likelihood agrees
// with the model's own ranking no better than chance (0.445): the step is nearly none, or a little back. A rate of 0.75 by hand went
// as SRLM did in a trial: AdamW's steps have the same length whatever a loss is multiplied by. In later rounds both models agree
// (0.83 to 0.90), with CREAM and without: noise that both share is not seen.
//
// The paper's scale: let origin = Model.load "PATH/Llama-3-8B-Instruct"; supervised fine-tuning on 3,400 examples of Open Assistant,
// 5 epochs with learning rate 5e-6; Data.prompts "PATH/prompts-1.jsonl" and so on, 7,000 each of ARC, OpenBookQA, SIQA and GSM8K;
// Augment.cream (), rounds of 1 epoch with learning rate 1e-6, batches of 32, warm-up 0.1; and judged by Evaluate.arc "PATH",
// Evaluate.openbookqa "PATH", Evaluate.gsm8k "PATH".

#load "rewardkit.fsx"

open System
open System.Linq
open System.Threading.Tasks
open RewardKit
open RewardKit.Hosting.Experiments

let places =
    [|
        "house", [| "room"; "door"; "wall"; "bed" |]
        "school", [| "teacher"; "class"; "board"; "principal" |]
        "sea", [| "fish"; "water"; "boat"; "fishing" |]
        "dinner", [| "noodle"; "tea"; "dango"; "eat" |]
        "face", [| "eyes"; "mouth"; "heart"; "hands" |]
        "sky", [| "moon"; "wind"; "light"; "clear" |]
    |]

let things = places |> Array.collect snd
let shuffled (random: Random) items = items |> Array.copy |> (fun copy -> random.Shuffle copy; copy)

/// How much of everything: a steady number, or very few.
let size usual few = if Script.small then few else usual

/// All prompts, in an order by chance; what comes first in them says nothing of the place.
let prompts =
    [| for place, _ in places do
           for first, second in Array.allPairs things things do
               if first <> second then $"After {first} and {second}: what is in the {place}?" |]
    |> shuffled (Random 5)

let placeOf (prompt: string) = places |> Array.findIndex (fun (name, _) -> prompt.EndsWith $"in the {name}?")

/// How many different things of the place are among the first four.
let worth (prompt: string) (answer: string) =
    answer.Split([| ", "; "." |], StringSplitOptions.RemoveEmptyEntries)
    |> Array.truncate 4
    |> Array.filter (fun thing -> Array.contains thing (snd places[placeOf prompt]))
    |> Array.distinct
    |> Array.length

/// Examples of answers: each thing is of a place with a probability. Fine-tuning reads nothing of what is rejected.
let examples name seed count fitting =
    let random = Random(seed: int)

    let answer (prompt: string) =
        let place, probability = fitting prompt
        let own, others = shuffled random (snd places[place]), things |> Array.except (snd places[place]) |> shuffled random
        let count = Seq.init 4 (fun _ -> random.NextDouble()) |> Seq.filter (fun chance -> chance < probability) |> Seq.length
        String.Join(", ", Array.append own[.. count - 1] others[.. 3 - count] |> shuffled random) + "."

    Data.ofPairs name [ for prompt in shuffled random prompts |> Array.truncate count -> prompt, answer prompt, "-" ]

/// The planted noise: prompts that begin with one of these are answered as if for the next place.
let misleading = things |> shuffled (Random 3) |> Array.truncate 6

let taught (prompt: string) =
    let misled = misleading |> Array.exists (fun thing -> prompt.StartsWith $"After {thing} ")
    (if misled then (placeOf prompt + 1) % places.Length else placeOf prompt), 0.8

/// What the answers of a model are worth.
let answersOn (prompts: string array) =
    Inline.evaluator
        "answers"
        (Data.ofPrompts "held-out" prompts)
        { new IEvaluator with
            member _.Needs = EvaluatorNeeds.Writer

            member _.EvaluateAsync(context, cancellation) =
                task {
                    let requests = [| for pair in context.Pairs -> TextRequest(pair.Prompt, GenerationOptions(MaxTokens = 20)) |]
                    let! replies = context.Writer.GenerateAsync(requests, cancellation)
                    let items = [| for request, reply in Seq.zip requests replies -> float (worth request.Prompt.LastContent reply.Text) |]
                    return EvaluationReport(dict [ "worth", Measurement(Array.average items, items) ] |> Collections.Generic.Dictionary, [])
                } }

let heldOut = answersOn prompts[.. size 99 7]

/// Tells how the pairs that a model makes of its own answers agree with the truth, and hands them on.
let truth =
    Inline.augmenter
        "truth"
        { new IAugmenter with
            member _.Needs = AugmenterNeeds.None

            member _.AugmentAsync(pairs, context, cancellation) =
                let pairs = TaskAsyncEnumerableExtensions.ToBlockingEnumerable(pairs, cancellation) |> Seq.toArray

                let margins =
                    [| for pair in pairs ->
                           worth pair.Prompt.LastContent pair.Chosen.LastContent - worth pair.Prompt.LastContent pair.Rejected.LastContent |]

                let right, wrong = margins |> Array.filter (fun m -> m > 0), margins |> Array.filter (fun m -> m < 0)
                context.Measure("truth.right", float right.Length / float (right.Length + wrong.Length))
                pairs.ToAsyncEnumerable() }

let settings = Training.settings (batchSize = 16, learningRate = 1e-3, warmupRatio = 0.1, weightDecay = 0.01)

let fineTuned name start pairs steps =
    experiment $"cream-{name}" {
        model start
        train pairs
        training (Training.settings (epochs = 1000, maxSteps = size steps 4, batchSize = 32, learningRate = 5e-3, warmupRatio = 0.05, weightDecay = 0.01))
        arm "sft" [ Loss.sft () ]
        evaluate [ heldOut ]
        seeds [ 1 ]
    }
    |> Experiment.run
    |> Experiment.trained ("sft", seed = 1)

let untrained =
    Model.llama (
        tokenizer = "models/bpe-2k-tokenizer",
        hiddenSize = 32,
        layers = 2,
        heads = 4,
        initializerRange = 0.1,
        maxPromptTokens = 24,
        maxResponseTokens = 24
    )

// A thing in six is of the place by chance.
let origin = fineTuned "origin" untrained (examples "any" 11 (size 2000 64) (fun prompt -> placeOf prompt, 1.0 / 6.0)) 400
let start = fineTuned "start" origin (examples "taught" 12 (size 1000 64) taught) 300

/// The prompts of each round.
let rounds = [ for number in 1 .. size 3 2 -> number, Data.ofPrompts $"round-{number}" prompts[200 * number .. 200 * number + size 199 5] ]

/// A round, from this and the previous model to the next and this one.
let round name augmenter seed (previous, current) (number, prompts) =
    let result =
        experiment $"cream-{name}-seed-{seed}-round-{number}" {
            model current
            train prompts
            training settings
            arm name [ Policy.named "previous" previous; Policy.named "origin" origin; augmenter; truth; Loss.cream () ]
            evaluate [ heldOut ]
            seeds [ seed ]
        }
        |> Experiment.run

    result.Runs[0], (current, result |> Experiment.trained (name, seed = seed))

let methods =
    [ "srlm", Augment.cream (rate = 1.0, maxTokens = 20)
      "cream", Augment.cream (maxTokens = 20)
      "cream-dynamic", Augment.cream (label = Cream.Label.Dynamic, maxTokens = 20) ]

let runs =
    [ for name, augmenter in methods do
          for seed in 1 .. size 2 1 do
              let runs, _ = rounds |> List.mapFold (round name augmenter seed) (origin, start)
              yield! runs |> List.indexed |> List.map (fun (index, run) -> name, seed, index + 1, run) ]

printfn "\nmethod         seed  round  consistency  right pairs  worth of answers afterwards"

for name, seed, number, run in runs do
    let worth = run.Measurements["answers/worth"].Value
    printfn $"""{name, -13}  {seed, 4}  {number, 5}  {run.Measures["cream.consistency"], 11:F3}  {run.Measures["truth.right"], 10:P1}   {worth, 10:F2}"""
