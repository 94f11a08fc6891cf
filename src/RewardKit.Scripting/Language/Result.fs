namespace RewardKit

open System
open System.Collections.Generic
open System.IO
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Plugins
open RewardKit.Training.Data
open RewardKit.Training

/// A 95 % interval: Low and High.
type Interval = RewardKit.Hosting.Experiments.Interval

/// What an augmenter decided on a pair: Id, Source, Record, Action, Category, Votes, Prompt, Chosen, Rejected.
type Decision = RewardKit.Hosting.Experiments.Decision

/// Intervals of what a script measures itself.
module Interval =
    /// Wilson's 95 % interval of a share, of so many items.
    let ofShare (share: float, items: int) : Interval =
        if not (share >= 0.0 && share <= 1.0) || items < 1 then
            raise (RewardKitException.Input $"Interval.ofShare: a share of {share} of {items} items; expected one in [0, 1] of at least 1.")

        Statistics.Wilson(share, items)

    /// The 95 % interval of a mean over items, as over prompts: ± 1.96 standard errors; none for fewer than two.
    let ofMean (items: float list) : Interval option = Statistics.OfMean items |> Option.ofNullable

/// What an experiment found, read by the script: `result |> Result.mean "haf-rm" "pair-accuracy/accuracy"`. A metric is named as in
/// the table, evaluator/metric; of the tries on the pairs of `validate` as in metrics.jsonl: eval/accuracy, eval/loss.
module Result =
    let private refuse message = raise (RewardKitException.Input message)

    /// The names of the arms that have results, as they stand in the script.
    let arms (result: ExperimentResult) : string list =
        result.Runs |> Seq.map _.Arm |> Seq.distinct |> List.ofSeq

    /// The runs of an arm, one a seed: Measurements, Samples, Log, Folder.
    let runs (arm: string) (result: ExperimentResult) : RunResult list =
        match result.Runs |> Seq.filter (fun run -> run.Arm = arm) |> List.ofSeq with
        | [] ->
            match result.Failures |> Seq.tryFind (fun failure -> failure.Arm = arm) with
            | Some failure -> raise (RewardKitException.Failure $"The arm \"{arm}\" has no result: {failure.Message}")
            | None ->
                let all = String.Join(", ", arms result)
                refuse $"The experiment \"{result.Spec.Name}\" has no arm \"{arm}\".{NearNames.Sentence(arm, arms result)} The arms are: {all}."
        | runs -> runs

    /// What a run's model scored on the pairs of `validate`: of the kept step, else of the last try.
    let private validated (metric: string) (run: RunResult) =
        let value (step: StepLog) =
            match step.Metrics.TryGetValue metric with
            | true, value -> Some value
            | _ -> None

        match run.Log with
        | null -> None
        | log when log.KeptStep.HasValue -> log.Steps |> Seq.tryItem (log.KeptStep.Value - 1) |> Option.bind value
        | log -> log.Steps |> Seq.choose value |> Seq.tryLast

    /// The names of all metrics, but for those of training.
    let metrics (result: ExperimentResult) : string list =
        result.Runs |> Seq.collect _.Measurements.Keys |> Seq.distinct |> List.ofSeq

    /// What was measured, seed by seed.
    let bySeed (arm: string) (metric: string) (result: ExperimentResult) : (int * float) list =
        [ for run in runs arm result do
              let value =
                  match run.Measurements.TryGetValue metric with
                  | true, measurement -> Some measurement.Value
                  | _ when metric.StartsWith "eval/" -> validated metric run
                  | _ -> None

              match value with
              | Some value -> run.Seed.Value, value
              | None ->
                  let all = String.Join(", ", metrics result)
                  refuse $"The arm \"{arm}\" has no metric \"{metric}\".{NearNames.Sentence(metric, metrics result)} The metrics are: {all}." ]

    /// What was measured, meaned over seeds.
    let mean (arm: string) (metric: string) (result: ExperimentResult) : float =
        bySeed arm metric result |> List.averageBy snd

    /// The 95 % interval of the mean over items, with the trained models as they are; none for a number that is no mean over items.
    let interval (arm: string) (metric: string) (result: ExperimentResult) : Interval option =
        bySeed arm metric result |> ignore
        Summary.Of(result).Row(arm, metric) |> Option.ofObj |> Option.bind (fun row -> Option.ofNullable row.Interval)

    /// How much higher the first arm's mean is than the second's: Difference, Interval, P and CorrectedP, paired by item; none where
    /// the metric has no items, or no chance level.
    let difference (first: string) (second: string) (metric: string) (result: ExperimentResult) : Comparison option =
        for arm in [ first; second ] do
            bySeed arm metric result |> ignore

        Summary.Of(result).Comparisons
        |> Seq.tryPick (fun found ->
            if found.Metric <> metric then None
            elif (found.First, found.Second) = (first, second) then Some found
            elif (found.First, found.Second) = (second, first) then Some found.Reversed
            else None)

    /// What the arm's augmenters decided on the pairs they judged, as Augment.hhCleaning does, with the first seed; it is read from
    /// decisions.jsonl in the run's folder.
    let decisions (arm: string) (result: ExperimentResult) : Decision list =
        match (runs arm result |> List.head).Folder with
        | null -> []
        | folder -> DecisionLog.Read folder |> List.ofSeq
