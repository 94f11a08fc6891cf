namespace RewardKit

open System
open System.Collections.Generic
open RewardKit.Training

/// What `open RewardKit` brings into a script besides modules.
[<AutoOpen>]
module TrainingLanguage =

    /// How the learning rate moves after the warm-up.
    type Schedule = RewardKit.Training.Schedule

    /// The type that matrix products and attention compute in: Precision.OfWeights or Precision.BFloat16 (autocast).
    type Precision = RewardKit.Training.Precision

    /// What happens to a training pair with more tokens than the model's limits allow.
    type TooLong = RewardKit.Training.TooLong

    /// Which of a run's models is left: KeepModel.Last, KeepModel.BestAccuracy or KeepModel.LowestLoss.
    type KeepModel = RewardKit.Training.KeepModel

    /// Settings made of others, with what is stated anew.
    [<AbstractClass; Sealed>]
    type internal TrainingChange =
        static member apply
            (
                who: string,
                from: TrainingOptions,
                ?epochs: int, ?maxSteps: int, ?batchSize: int, ?microBatchSize: int, ?microBatchTokens: int,
                ?tooLong: TooLong, ?learningRate: float, ?schedule: Schedule, ?warmupRatio: float, ?warmupSteps: int,
                ?weightDecay: float, ?noDecay: string list, ?freeze: string list, ?beta1: float, ?beta2: float,
                ?epsilon: float, ?maxGradNorm: float, ?validateEvery: int, ?keep: KeepModel, ?precision: Precision,
                ?activationCheckpointing: bool
            ) : TrainingOptions =

            let checked' name expected holds value =
                match value with
                | Some v when not (holds v) ->
                    raise (
                        RewardKitException.Input
                            $"{who}: {name} = {v} is out of range; it must be {expected}."
                    )
                | _ -> value

            let count name = checked' name "at least 1" (fun v -> v >= 1)
            let positive name = checked' name "above 0" (fun v -> v > 0.0 && v < infinity)
            let names (value: string list option) (otherwise: IReadOnlyList<string>) =
                match value with
                | Some names -> List.toArray names :> IReadOnlyList<string>
                | None -> otherwise
            let decay name = checked' name "in [0, 1)" (fun v -> v >= 0.0 && v < 1.0)
            let otherwise before value =
                match value with
                | Some value -> Nullable value
                | None -> before

            TrainingOptions(
                Epochs = defaultArg (count "epochs" epochs) from.Epochs,
                MaxSteps = otherwise from.MaxSteps (count "maxSteps" maxSteps),
                BatchSize = defaultArg (count "batchSize" batchSize) from.BatchSize,
                MicroBatchSize = otherwise from.MicroBatchSize (count "microBatchSize" microBatchSize),
                MicroBatchTokens = otherwise from.MicroBatchTokens (count "microBatchTokens" microBatchTokens),
                TooLong = defaultArg tooLong from.TooLong,
                LearningRate = defaultArg (positive "learningRate" learningRate) from.LearningRate,
                Schedule = defaultArg schedule from.Schedule,
                WarmupRatio =
                    defaultArg
                        (checked' "warmupRatio" "in [0, 1]" (fun v -> v >= 0.0 && v <= 1.0) warmupRatio)
                        from.WarmupRatio,
                WarmupSteps =
                    otherwise from.WarmupSteps (checked' "warmupSteps" "at least 0" (fun v -> v >= 0) warmupSteps),
                WeightDecay =
                    defaultArg
                        (checked' "weightDecay" "at least 0" (fun v -> v >= 0.0 && v < infinity) weightDecay)
                        from.WeightDecay,
                NoDecay = names noDecay from.NoDecay,
                Freeze = names freeze from.Freeze,
                Beta1 = defaultArg (decay "beta1" beta1) from.Beta1,
                Beta2 = defaultArg (decay "beta2" beta2) from.Beta2,
                Epsilon = defaultArg (positive "epsilon" epsilon) from.Epsilon,
                MaxGradNorm = defaultArg (positive "maxGradNorm" maxGradNorm) from.MaxGradNorm,
                ValidateEvery = otherwise from.ValidateEvery (count "validateEvery" validateEvery),
                Keep = defaultArg keep from.Keep,
                Precision = defaultArg precision from.Precision,
                ActivationCheckpointing = defaultArg activationCheckpointing from.ActivationCheckpointing
            )

    /// The settings of training, shared by all arms of an experiment but for what Arm.training changes.
    [<AbstractClass; Sealed>]
    type Training =
        /// <summary>Settings for AdamW; what is left out has the default named here.</summary>
        /// <param name="epochs">Passes over the data, at least 1; default 1.</param>
        /// <param name="maxSteps">Optimiser steps at most, at least 1; default: as many as the epochs come to.</param>
        /// <param name="batchSize">Pairs behind one optimiser step, over all processes, at least 1; default 16.</param>
        /// <param name="microBatchSize">Pairs in one pass of a process at most, at least 1; default: as microBatchTokens has it. Halved by itself where memory does not suffice.</param>
        /// <param name="microBatchTokens">Tokens in one pass at most, at least 1; a pair with more is a pass of its own. Default: 2,048 on a CPU where microBatchSize is left out, else no limit.</param>
        /// <param name="tooLong">
        /// Pairs with more tokens than the model's limits: TooLong.Truncate (default: cut), TooLong.Drop or TooLong.Refuse.
        /// </param>
        /// <param name="learningRate">The peak learning rate, above 0; default 1e-3.</param>
        /// <param name="schedule">Schedule.Cosine (default), Schedule.Linear or Schedule.Constant.</param>
        /// <param name="warmupRatio">The share of the steps in which the rate rises, in [0, 1]; default 0.03.</param>
        /// <param name="warmupSteps">The steps in which it rises, at least 0; default: by warmupRatio.</param>
        /// <param name="weightDecay">Decoupled weight decay of matrices, at least 0; default 0.</param>
        /// <param name="noDecay">Names of matrices without weight decay, as [ "*embed_tokens*" ]; norms and biases have none in any case.</param>
        /// <param name="freeze">
        /// Names of parameters that stay as they are, as [ for layer in 0..3 do $"model.layers.{layer}.*" ]; a star stands for
        /// anything.
        /// </param>
        /// <param name="beta1">AdamW's first moment decay, in [0, 1); default 0.9.</param>
        /// <param name="beta2">AdamW's second moment decay, in [0, 1); default 0.999.</param>
        /// <param name="epsilon">AdamW's denominator floor, above 0; default 1e-8.</param>
        /// <param name="maxGradNorm">The global gradient norm is clipped to this, above 0; default 1.</param>
        /// <param name="validateEvery">Steps between tries on the pairs of `validate`, at least 1; default: once an epoch.</param>
        /// <param name="keep">
        /// Which model is left: KeepModel.Last (default), or that of the try with the highest accuracy (KeepModel.BestAccuracy) or
        /// the lowest loss (KeepModel.LowestLoss) on the pairs of `validate`.
        /// </param>
        /// <param name="precision">
        /// Precision.BFloat16 computes matrix products and attention in bfloat16 (autocast) and keeps weights, rewards and
        /// loss as they are; default Precision.OfWeights.
        /// </param>
        /// <param name="activationCheckpointing">
        /// Keeps each layer's input alone and computes the rest again in the backward pass: less memory for about a third more
        /// work, the same gradients; default false.
        /// </param>
        static member settings
            (
                ?epochs: int,
                ?maxSteps: int,
                ?batchSize: int,
                ?microBatchSize: int,
                ?microBatchTokens: int,
                ?tooLong: TooLong,
                ?learningRate: float,
                ?schedule: Schedule,
                ?warmupRatio: float,
                ?warmupSteps: int,
                ?weightDecay: float,
                ?noDecay: string list,
                ?freeze: string list,
                ?beta1: float,
                ?beta2: float,
                ?epsilon: float,
                ?maxGradNorm: float,
                ?validateEvery: int,
                ?keep: KeepModel,
                ?precision: Precision,
                ?activationCheckpointing: bool
            ) : TrainingOptions =
            TrainingChange.apply (
                "Training.settings",
                TrainingOptions(),
                ?epochs = epochs, ?maxSteps = maxSteps, ?batchSize = batchSize, ?microBatchSize = microBatchSize,
                ?microBatchTokens = microBatchTokens, ?tooLong = tooLong, ?learningRate = learningRate,
                ?schedule = schedule, ?warmupRatio = warmupRatio, ?warmupSteps = warmupSteps,
                ?weightDecay = weightDecay, ?noDecay = noDecay, ?freeze = freeze, ?beta1 = beta1, ?beta2 = beta2,
                ?epsilon = epsilon, ?maxGradNorm = maxGradNorm, ?validateEvery = validateEvery, ?keep = keep,
                ?precision = precision, ?activationCheckpointing = activationCheckpointing
            )
