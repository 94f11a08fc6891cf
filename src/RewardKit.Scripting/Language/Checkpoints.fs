namespace RewardKit

open RewardKit.Training.Checkpoints

/// What `open RewardKit` brings into a script besides modules.
[<AutoOpen>]
module CheckpointLanguage =

    /// When the whole state of a training is written, so that a run that was stopped or killed goes on from there. No
    /// number depends on it. Default: every 10 minutes, the last 2 kept.
    [<AbstractClass; Sealed>]
    type Checkpoints =
        /// <summary>Checkpoints by steps, by time, or by both; with neither named, every 10 minutes.</summary>
        /// <param name="steps">After every so many optimiser steps, at least 1.</param>
        /// <param name="minutes">After the step in which so many minutes have passed since the last one, above 0.</param>
        /// <param name="keep">How many of the last ones are kept, at least 1; default 2.</param>
        /// <param name="keepWhenFinished">Whether they stay when the run is finished; default false.</param>
        static member every(?steps: int, ?minutes: float, ?keep: int, ?keepWhenFinished: bool) : CheckpointPolicy =
            let refuse name value expected =
                raise (
                    RewardKitException.Input
                        $"Checkpoints.every: {name} = {value} is out of range; it must be {expected}."
                )

            match steps with
            | Some steps when steps < 1 -> refuse "steps" steps "at least 1"
            | _ -> ()

            match minutes with
            | Some minutes when not (minutes > 0.0 && minutes < infinity) -> refuse "minutes" minutes "above 0"
            | _ -> ()

            match keep with
            | Some keep when keep < 1 -> refuse "keep" keep "at least 1"
            | _ -> ()

            let defaults = CheckpointPolicy()

            CheckpointPolicy(
                Steps = Option.toNullable steps,
                Minutes =
                    (match steps, minutes with
                     | None, None -> defaults.Minutes
                     | _ -> Option.toNullable minutes),
                Keep = defaultArg keep defaults.Keep,
                KeepWhenFinished = defaultArg keepWhenFinished defaults.KeepWhenFinished
            )

        /// No checkpoints: a run that was stopped begins anew.
        static member never: CheckpointPolicy = null
