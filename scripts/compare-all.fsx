#load "rewardkit.fsx"

open RewardKit

// The model line: a start, the learning rate that suits it, and the precision of matrix products.
let start, rate, precision =
    Model.llama (
        tokenizer = "models/bpe-2k-tokenizer",
        hiddenSize = 32,
        intermediateSize = 88,
        layers = 2,
        heads = 4,
        maxPromptTokens = 64,
        maxResponseTokens = 192
    ),
    2e-3,
    Precision.OfWeights

// The data line.
let pairs = Data.hhRlhf "data/hh-rlhf/harmless-base" |> Data.reduced

let batch = 16
let passes = 3
let starts = [ 1 .. Script.option ("seeds", if Script.small then 1 else 3) ]

let baseline = Baseline.arm "bradley-terry"

let ofSeeds aggregate =
    [ Score.ensemble (aggregate = aggregate, normalise = true); Members.seeds ("bradley-terry", starts) ]

let ofHeads aggregate =
    [ Loss.ensemble (heads = 3); Score.ensemble (aggregate = aggregate) ]

/// Each method with its own defaults, which are its paper's where that says any; what differs says why.
let methods =
    [
        "bradley-terry", [ Loss.bradleyTerry () ]
        "pairwise", [ Loss.pairwise () ]
        "haf-rm", [ Loss.hafRm () ]
        "odin", [ Loss.odin () ]
        // The paper's ten bins would hold three responses each: a batch has 32.
        "mmd", [ Loss.mmd (bins = 3) ]
        "data smoothing", [ Loss.dataSmoothing () ]

        // More rows, and no more steps than the others.
        "crome, neutral", [ baseline; Augment.cromeNeutral (); Loss.crome () ]
        "rrm", [ baseline; Augment.rrm (); Loss.bradleyTerry () ]

        // Heads cost one training; seeds cost as many as there are, and are on one scale only when normalised.
        "mean of heads", ofHeads Ensemble.Aggregate.Mean
        "worst of heads", ofHeads Ensemble.Aggregate.Worst
        "mean of seeds", ofSeeds Ensemble.Aggregate.Mean
        "worst of seeds", ofSeeds Ensemble.Aggregate.Worst

        // Language models, each scored by the reward that its paper says it has learnt. Papers train them ten to a hundred times more slowly
        // than here; a model with random weights has nothing yet that this would spoil.
        "dpo", [ Loss.dpo (); Score.implicitReward () ]
        "cdpo", [ Loss.dpo (labelSmoothing = 0.1); Score.implicitReward () ]
        "ipo", [ Loss.dpo (form = Dpo.Form.Ipo); Score.implicitReward () ]
        "simpo", [ Loss.simpo (); Score.implicitReward (reference = false, perToken = true) ]
        "gen-arm", [ Loss.genArm (); Score.implicitReward (reference = false) ]

        // What needs no preferences: how likely the answer is after chosen ones were learnt, and how short it is.
        "floor: sft", [ Loss.sft (); Score.implicitReward (reference = false) ]
        "floor: shorter", [ Score.ensemble (); Members.scorer (Reward.by ("shorter", fun _ answer -> -float answer.Length)) ]
    ]

experiment "compare-all" {
    model start
    train pairs.Train

    // As many steps for all, however many rows an arm has.
    training (
        Training.settings (
            epochs = 1000,
            maxSteps = (if Script.small then 2 else passes * (Data.read pairs.Train).Length / batch),
            batchSize = batch,
            learningRate = rate,
            warmupRatio = 0.05,
            weightDecay = 0.01,
            precision = precision
        )
    )

    arms methods

    evaluate [
        Evaluate.pairAccuracy pairs.Test
        Evaluate.rewordPairs (pairs.Test, transformations = "ignore-above, punct-spaces, twitter-handle")
        Evaluate.lengthBias pairs.Test
        Evaluate.calibration pairs.Test
    ]

    seeds starts
}
|> Experiment.run
|> ignore
