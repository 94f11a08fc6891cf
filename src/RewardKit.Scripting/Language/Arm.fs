namespace RewardKit

open RewardKit.Models
open RewardKit.Training
open RewardKit.Training.Data

/// What an arm has of its own where others have the experiment's: `arm "wide" [ Loss.bradleyTerry (); Arm.model wide ]`.
[<AbstractClass; Sealed>]
type Arm =
    /// The model that the arm's runs start from.
    static member model(model: ModelSpec) : Step = Step.Model model

    /// The arm's training pairs, as one of several mixtures.
    static member train(pairs: PairData) : Step = Step.Train pairs

    /// <summary>
    /// Changes the experiment's training settings for the arm; what is left out is as there. The parameters are those of
    /// Training.settings: <c>Arm.training (learningRate = 1e-4)</c>.
    /// </summary>
    static member training
        (
            ?epochs: int, ?maxSteps: int, ?batchSize: int, ?microBatchSize: int, ?microBatchTokens: int,
            ?tooLong: TooLong, ?learningRate: float, ?schedule: Schedule, ?warmupRatio: float, ?warmupSteps: int,
            ?weightDecay: float, ?noDecay: string list, ?freeze: string list, ?beta1: float, ?beta2: float,
            ?epsilon: float, ?maxGradNorm: float, ?validateEvery: int, ?keep: KeepModel, ?precision: Precision,
            ?activationCheckpointing: bool
        ) : Step =
        let change from =
            TrainingChange.apply (
                "Arm.training",
                from,
                ?epochs = epochs, ?maxSteps = maxSteps, ?batchSize = batchSize, ?microBatchSize = microBatchSize,
                ?microBatchTokens = microBatchTokens, ?tooLong = tooLong, ?learningRate = learningRate,
                ?schedule = schedule, ?warmupRatio = warmupRatio, ?warmupSteps = warmupSteps,
                ?weightDecay = weightDecay, ?noDecay = noDecay, ?freeze = freeze, ?beta1 = beta1, ?beta2 = beta2,
                ?epsilon = epsilon, ?maxGradNorm = maxGradNorm, ?validateEvery = validateEvery, ?keep = keep,
                ?precision = precision, ?activationCheckpointing = activationCheckpointing
            )

        // What is out of range is refused here, with the line of the script.
        change (TrainingOptions()) |> ignore
        Step.Training change
