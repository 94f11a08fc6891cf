// Do methods against spurious traits work at all? A world whose true reward is known: a prompt asks what is in a place, and an
// answer is worth as much as it names things of that place. In the training data the better answers mostly close with a polite
// sentence, in the shifted test the worse ones do. Two seeds, under two minutes.
//
//     artifacts/rewardkit run scripts/synthetic-world.fsx
//     artifacts/rewardkit run scripts/synthetic-world.fsx -- small    on very little, in seconds: does all work?
//
// pair-accuracy is on pairs like those of the training, #2 on shifted pairs, #3 on pairs where politeness says nothing. On shifted
// pairs Bradley-Terry is right in 26.3 % (20.8 to 31.8), RRM in 81.0 % (77.3 to 84.8), Crome's neutral rows alone in 79.8 % (75.3 to
// 84.0), HAF-RM in 54.5 %, although it does nothing against spurious traits: its
// policy loss has more to learn from in a text than whether it is polite. A method of your own is one more arm.

#load "rewardkit.fsx"

open System
open System.IO
open System.Text.Json
open RewardKit

let places =
    [|
        "house", [| "room"; "door"; "wall"; "bed" |]
        "school", [| "teacher"; "class"; "board"; "principal" |]
        "sea", [| "fish"; "water"; "boat"; "fishing" |]
        "dinner", [| "noodle"; "tea"; "dango"; "eat" |]
        "face", [| "eyes"; "mouth"; "heart"; "hands" |]
        "sky", [| "moon"; "wind"; "light"; "clear" |]
    |]

/// Pairs of an answer with three or four things of the place and one with one or two, which close politely this often.
let pairs name count seed (politeChosen, politeRejected) =
    let random = Random(seed: int)

    let answer place fitting polite =
        let own = places[place] |> snd |> Array.copy
        let others = places |> Array.removeAt place |> Array.collect snd
        random.Shuffle own
        random.Shuffle others
        let things = Array.append own[.. fitting - 1] others[.. 3 - fitting]
        random.Shuffle things
        String.Join(", ", things) + "." + (if random.NextDouble() < polite then " Hope this helps!" else "")

    let folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), (if Script.small then "rewardkit-synthetic-world-small" else "rewardkit-synthetic-world")))
    let path = Path.Combine(folder.FullName, $"{name}.jsonl")

    File.WriteAllLines(
        path,
        [
            for _ in 1..count do
                let place = random.Next places.Length
                let chosen = answer place (3 + random.Next 2) politeChosen
                let rejected = answer place (1 + random.Next 2) politeRejected
                let prompt = $"What is in the {fst places[place]}?"
                JsonSerializer.Serialize {| prompt = prompt; chosen = chosen; rejected = rejected |}
        ]
    )

    Data.pairs path

let training, held = if Script.small then 32, 16 else 600, 200
let trainingPairs = pairs "train" training 1 (0.9, 0.1)
let same = pairs "same" held 2 (0.9, 0.1)
let shifted = pairs "shifted" held 3 (0.1, 0.9)
let balanced = pairs "balanced" held 4 (0.5, 0.5)

experiment "synthetic-world" {
    model (
        Model.llama (
            tokenizer = "models/bpe-2k-tokenizer",
            hiddenSize = 32,
            layers = 2,
            heads = 4,
            initializerRange = 0.1,
            maxPromptTokens = 24,
            maxResponseTokens = 40
        )
    )

    train trainingPairs

    // Every arm takes as many steps, however many rows it has.
    training (
        Training.settings (
            epochs = 1000,
            maxSteps = (if Script.small then 4 else 600),
            batchSize = 32,
            learningRate = 5e-3,
            warmupRatio = 0.05,
            weightDecay = 0.01
        )
    )

    arm "bradley-terry" [ Loss.bradleyTerry () ]
    arm "rrm" [ Baseline.arm "bradley-terry"; Augment.rrm (); Loss.bradleyTerry () ]
    arm "crome, neutral" [ Baseline.arm "bradley-terry"; Augment.cromeNeutral (); Loss.crome () ]
    arm "haf-rm" [ Loss.hafRm () ]

    evaluate [ Evaluate.pairAccuracy same; Evaluate.pairAccuracy shifted; Evaluate.pairAccuracy balanced ]
    seeds (if Script.small then [ 1 ] else [ 1; 2 ])
}
|> Experiment.run
|> ignore
