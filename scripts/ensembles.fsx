// Reward models that differ by their seed alone, and what they say together (after Coste et al., arXiv:2310.02743): the mean of their
// rewards, the lowest, and the mean less what they disagree by. No method is needed for it: rewards are lists of numbers, and combining
// them is F#. HH-RLHF's harmlessness pairs, five small Llamas with random weights.
//
//     artifacts/rewardkit run scripts/ensembles.fsx
//     artifacts/rewardkit run scripts/ensembles.fsx -- small    on very little, in seconds: does all work?
//
// On 345 held-out pairs (95 % intervals; a good minute of processor time) the members are right in 60.0 to 65.8 %, their mean in 64.3 %
// (59.2 to 69.2), the lowest reward in 64.9 % (59.8 to 69.8), the mean less the deviation in 63.2 % (58.0 to 68.1): all within what
// these pairs can tell apart. Nor is disagreement a warning here: where the members' margins lie furthest apart, their mean is right in
// 69.6 % (60.6 to 77.2), where they agree most in 60.9 % (51.7 to 69.3). Margins far apart are large ones, too. What ensembles are
// for, a policy that exploits a single model's errors, is not tried by held-out pairs.

#load "rewardkit.fsx"

open RewardKit

let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced
let members = if Script.small then [ 1; 2 ] else [ 1..5 ]

let result =
    experiment "ensembles" {
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
        evaluate [ Evaluate.pairAccuracy pairs.Test ]
        seeds members
    }
    |> Experiment.run

let mean = List.average

/// The standard deviation with divisor n.
let deviation values =
    let middle = mean values
    sqrt (values |> List.averageBy (fun value -> (value - middle) ** 2.0))

/// The rewards of one member for both responses of every pair. Bradley and Terry leave a reward's zero and its scale open, so members
/// are brought to the same ones, those of the training pairs, before they are combined.
let rewards (seed: int) =
    let by = Reward.model (result |> Experiment.trained ("bradley-terry", seed = seed))
    let known = [ for pair in pairs.Train |> Data.sample (if Script.small then 16 else 200) |> Scores.pairs by do pair.Chosen; pair.Rejected ]
    let centre, scale = mean known, deviation known
    [ for pair in pairs.Test |> Scores.pairs by -> (pair.Chosen - centre) / scale, (pair.Rejected - centre) / scale ]

/// A pair a row: what each member thinks of its two responses.
let table = members |> List.map rewards |> List.transpose

let share (right: bool list) = mean [ for one in right -> if one then 1.0 else 0.0 ]

let show name (right: bool list) =
    let interval = Interval.ofShare (share right, right.Length)
    printfn "  %-28s %5.1f %%   %.1f to %.1f %%" name (100.0 * share right) (100.0 * interval.Low) (100.0 * interval.High)

let combined combine = [ for row in table -> combine (List.map fst row) > combine (List.map snd row) ]

printfn "\naccuracy on %d held-out pairs" table.Length

for place, seed in List.indexed members do
    show $"seed {seed}" [ for row in table -> fst row[place] > snd row[place] ]

show "mean" (combined mean)
show "lowest" (combined List.min)
show "mean less deviation" (combined (fun values -> mean values - deviation values))

// Is disagreement a warning? The pairs in thirds, by how far the members' margins lie apart.
let byDisagreement = table |> List.sortBy (fun row -> deviation (row |> List.map (fun (chosen, rejected) -> chosen - rejected)))

printfn "\nthe mean, where members"

for name, third in List.zip [ "agree most"; "lie between"; "disagree most" ] (List.splitInto 3 byDisagreement) do
    show name [ for row in third -> mean (List.map fst row) > mean (List.map snd row) ]
