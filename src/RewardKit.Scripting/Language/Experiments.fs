namespace RewardKit

open System
open System.IO
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Plugins
open RewardKit.Models
open RewardKit.Scripting
open RewardKit.Training.Data

/// What to do with an experiment.
[<AbstractClass; Sealed>]
type Experiment =
    /// Trains and evaluates every arm under every seed, prints the table, writes `results.json` and `report.html` to
    /// the output folder, and returns what was found. Runs that are there already are found again, not repeated.
    static member run(specification: ExperimentSpec) : ExperimentResult =
        match ScriptContext.Current with
        | null ->
            raise (
                RewardKitException.Input
                    "Experiment.run works in a script that RewardKit runs: rewardkit run SCRIPT.fsx"
            )
        | context ->
            Arguments.check ()
            context.RunExperiment specification

    static member private refuse (specification: ExperimentSpec) message =
        raise (RewardKitException.Input $"Experiment \"{specification.Name}\": {message}")

    static member private quoted(names: string seq) =
        names |> Seq.map (fun name -> $"\"{name}\"") |> String.concat ", "

    /// The experiment under another name, which is also the folder of its results below runs/.
    static member named (name: string) (specification: ExperimentSpec) : ExperimentSpec =
        if String.IsNullOrWhiteSpace name then
            raise (RewardKitException.Input "Experiment.named: the name is empty.")

        specification.With(name = name, outputFolder = Script.runsOf name)

    /// The experiment with some of its arms: `base |> Experiment.only [ "haf-rm" ]`.
    static member only (names: string list) (specification: ExperimentSpec) : ExperimentSpec =
        let all = specification.Arms |> Seq.map _.Name |> List.ofSeq

        for name in names do
            if not (List.contains name all) then
                Experiment.refuse specification $"there is no arm \"{name}\".{NearNames.Sentence(name, all)} The arms are {Experiment.quoted all}."

        let kept = specification.Arms |> Seq.filter (fun arm -> List.contains arm.Name names) |> Seq.toArray

        for arm in kept do
            if not (isNull arm.Baseline) && not (List.contains arm.Baseline names) then
                Experiment.refuse specification $"the arm \"{arm.Name}\" is filtered with \"{arm.Baseline}\", which is left out; name it, too."

        if kept.Length = 0 then
            Experiment.refuse specification "Experiment.only names no arm; name at least one."

        specification.With(arms = kept)

    /// The experiment with further arms.
    static member arms (arms: (string * Step list) list) (specification: ExperimentSpec) : ExperimentSpec =
        let names = [ yield! specification.Arms |> Seq.map _.Name; yield! List.map fst arms ]

        match names |> List.countBy id |> List.tryFind (fun (_, count) -> count > 1) with
        | Some(twice, _) -> Experiment.refuse specification $"arm \"{twice}\" is there twice; give each arm its own name."
        | None -> ()

        let shared = specification.Training, specification.Validation, specification.Checkpoints
        let further = arms |> List.map (Draft.arm specification.Name shared names)
        specification.With(arms = [| yield! specification.Arms; yield! further |])

    /// The experiment from another model, but for arms that have one of their own.
    static member model (model: ModelSpec) (specification: ExperimentSpec) : ExperimentSpec = specification.With(model = model)

    /// The experiment on other training pairs, but for arms that have their own.
    static member train (pairs: PairData) (specification: ExperimentSpec) : ExperimentSpec = specification.With(train = pairs)

    /// The experiment judged otherwise.
    static member evaluate (evaluations: EvaluationSpec list) (specification: ExperimentSpec) : ExperimentSpec =
        if List.isEmpty evaluations then
            Experiment.refuse specification "Experiment.evaluate names no evaluator; name at least one."

        specification.With(evaluations = List.toArray evaluations)

    /// The experiment with other seeds.
    static member seeds (seeds: int list) (specification: ExperimentSpec) : ExperimentSpec =
        if List.isEmpty seeds then
            Experiment.refuse specification "Experiment.seeds names no seed; name at least one."

        specification.With(seeds = List.toArray seeds)

    /// The settings in which two experiments differ, each with the value that either has ("–" where it has none).
    static member differences (first: ExperimentSpec) (second: ExperimentSpec) : (string * string * string) list =
        let shown text = if isNull text then "–" else text

        [ if first.Name <> second.Name then
              "name", first.Name, second.Name
          for struct (setting, one, other) in ExperimentSpec.Differences(first, second) do
              setting, shown one, shown other ]

    /// The arms of both under the first one's name. Where the second has another model, other training pairs or settings, its arms
    /// take them along; they must be judged alike, under the same seeds. An arm that both have stands once.
    static member combine (first: ExperimentSpec) (second: ExperimentSpec) : ExperimentSpec =
        let own (setting: string) =
            List.exists (fun (prefix: string) -> setting.StartsWith prefix) [ "arm "; "model "; "training " ] || setting = "train"

        match Experiment.differences first second |> List.filter (fun (setting, _, _) -> setting <> "name" && not (own setting)) with
        | [] -> ()
        | differing ->
            let listed = differing |> List.map (fun (setting, one, other) -> $"{setting}: {one} and {other}") |> String.concat "; "
            Experiment.refuse first $"it cannot be combined with \"{second.Name}\": they differ in {listed}."

        let further = second.Arms |> Seq.map (fun arm -> second.Moved(arm, first)) |> Seq.filter (fun arm -> not (first.Has arm)) |> Seq.toArray

        match further |> Array.tryFind (fun arm -> first.Arms |> Seq.exists (fun there -> there.Name = arm.Name)) with
        | Some clash -> Experiment.refuse first $"it cannot be combined with \"{second.Name}\": their arms \"{clash.Name}\" differ."
        | None -> first.With(arms = [| yield! first.Arms; yield! further |])

    /// <summary>
    /// The model that an arm trained under a seed, to go on with: <c>result |> Experiment.trained ("dpo", seed = 1)</c>.
    /// </summary>
    /// <param name="arm">The arm.</param>
    /// <param name="seed">The seed.</param>
    static member trained(arm: string, seed: int) : ExperimentResult -> ModelSpec =
      fun result ->
        let named (run: RunResult) = run.Arm = arm && run.Seed = Nullable seed

        match result.Runs |> Seq.tryFind named, result.Failures |> Seq.tryFind (fun failure -> failure.Arm = arm) with
        | Some run, _ -> ModelSpec(Folder = Path.Combine(run.Folder, "checkpoint"))
        | None, Some failure -> raise (RewardKitException.Failure $"The arm \"{arm}\" has no model: {failure.Message}")
        | None, None ->
            let runs = result.Runs |> Seq.map (fun run -> $"(\"{run.Arm}\", seed = {run.Seed})") |> String.concat ", "
            raise (RewardKitException.Input $"The experiment \"{result.Spec.Name}\" has no run (\"{arm}\", seed = {seed}); its runs are {runs}.")
