namespace RewardKit

open System
open System.Collections.Generic
open System.IO
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Generators
open RewardKit.Models
open RewardKit.Scripting
open RewardKit.Training
open RewardKit.Training.Checkpoints
open RewardKit.Training.Data

/// An experiment as far as it has been written.
[<NoComparison; NoEquality>]
type ExperimentDraft =
    internal
        {
            Model: ModelSpec option
            Train: PairData option
            Validation: PairData option
            Training: TrainingOptions option
            Checkpoints: CheckpointPolicy option
            Arms: (string * Step list) list
            Evaluations: EvaluationSpec list option
            Seeds: int list option
            Generator: GeneratorSpec option
            Output: string option
        }

/// Checks a draft and makes it a specification. Each refusal says what is wrong with which part, and how to mend it.
module internal Draft =

    let refuse name message =
        raise (RewardKitException.Input $"Experiment \"{name}\": {message}")

    let empty =
        {
            Model = None
            Train = None
            Validation = None
            Training = None
            Checkpoints = None
            Arms = []
            Evaluations = None
            Seeds = None
            Generator = None
            Output = None
        }

    let once name what before value =
        match before with
        | None -> Some value
        | Some _ -> refuse name $"{what} is stated twice; keep one."

    let private quoted names =
        names |> Seq.map (fun name -> $"\"{name}\"") |> String.concat ", "

    let private arm name (names: string list) (armName: string, steps: Step list) =
        let refuse message = refuse name $"arm \"{armName}\" {message}"

        let losses = steps |> List.choose (function Step.Loss l -> Some l | _ -> None)
        let augmenters = steps |> List.choose (function Step.Augmenter a -> Some a | _ -> None)
        let generators = steps |> List.choose (function Step.Generator g -> Some g | _ -> None)
        let composers = steps |> List.choose (function Step.Composer c -> Some c | _ -> None)
        let baselines = steps |> List.choose (function Step.Baseline b -> Some b | _ -> None)

        let policies = steps |> List.choose (function Step.Policy(name, model) -> Some(name, model) | _ -> None)

        match policies |> List.countBy fst |> List.tryFind (fun (_, count) -> count > 1) with
        | Some(twice, _) -> refuse $"names two language models \"{twice}\"; keep one."
        | None -> ()

        let loss =
            match losses with
            | [ loss ] -> loss
            | [] -> refuse "has no loss; add one, as Loss.bradleyTerry ()."
            | several -> refuse $"has {several.Length} losses ({quoted (several |> Seq.map _.Id)}); keep one."

        let baseline =
            match baselines with
            | [] -> null
            | [ baseline ] when baseline = armName -> refuse "names itself as its baseline; name another arm."
            | [ baseline ] when List.contains baseline names -> baseline
            | [ baseline ] ->
                refuse $"names the baseline \"{baseline}\", but there is no such arm; the arms are {quoted names}."
            | several -> refuse $"names {several.Length} baselines ({quoted several}); keep one."

        let composer =
            match composers with
            | [] -> null
            | [ composer ] -> composer
            | several -> refuse $"scores in {several.Length} ways ({quoted (several |> Seq.map _.Id)}); keep one."

        let generator =
            match generators with
            | [] -> null
            | [ generator ] -> generator
            | several -> refuse $"names {several.Length} generators ({quoted (several |> Seq.map _.Name)}); keep one."

        ArmSpec(
            armName,
            loss,
            List.toArray augmenters,
            baseline,
            Generator = generator,
            Composer = composer,
            Policies = Dictionary(dict policies)
        )

    let specification (name: string) (draft: ExperimentDraft) : ExperimentSpec =
        if String.IsNullOrWhiteSpace name then
            raise (RewardKitException.Input "An experiment has no name; write experiment \"NAME\" { ... }.")

        let required what example value =
            match value with
            | Some value -> value
            | None -> refuse name $"no {what} is given; add {example}."

        let someOf what example values =
            match values with
            | [] -> refuse name $"no {what} is given; add {example}."
            | _ -> List.toArray values

        let arms = draft.Arms |> someOf "arm" "arm \"NAME\" [ Loss.bradleyTerry () ]"
        let names = arms |> Array.map fst |> List.ofArray

        match names |> List.countBy id |> List.tryFind (fun (_, count) -> count > 1) with
        | Some(twice, _) -> refuse name $"arm \"{twice}\" is there twice; give each arm its own name."
        | None -> ()

        if List.exists String.IsNullOrWhiteSpace names then
            refuse name "an arm has no name; give it one."

        let training = defaultArg draft.Training (TrainingOptions())

        if training.ValidateEvery.HasValue && draft.Validation.IsNone then
            refuse name "validateEvery is set, but there are no pairs to validate on; add validate pairs.Test."

        if training.Keep <> KeepModel.Last then
            if draft.Validation.IsNone then
                refuse name "keep asks for the best model, but there are no pairs to tell by; add validate pairs.Test."

            if draft.Checkpoints = Some null then
                refuse name "keep asks for the best model, and Checkpoints.never leaves none to come back to."

        ExperimentSpec(
            Name = name,
            Model = (draft.Model |> required "model" "model (Model.load \"FOLDER\")"),
            Train = (draft.Train |> required "training data" "train pairs.Train"),
            Validation = Option.toObj draft.Validation,
            Arms = Array.map (arm name names) arms,
            Evaluations =
                (draft.Evaluations
                 |> Option.defaultValue []
                 |> someOf "evaluator" "evaluate [ Evaluate.pairAccuracy pairs.Test ]"),
            Seeds = (draft.Seeds |> Option.defaultValue [] |> someOf "seed" "seeds [ 1; 2 ]"),
            Training = training,
            Checkpoints = defaultArg draft.Checkpoints (CheckpointPolicy()),
            Generator = Option.toObj draft.Generator,
            OutputFolder =
                (match draft.Output with
                 | Some folder -> Script.path folder
                 | None -> Path.GetFullPath(Path.Combine("runs", FolderName.Of name)))
        )

/// Builds an experiment: arms × seeds on one model and one training set.
[<Sealed>]
type ExperimentBuilder internal (name: string) =
    member _.Yield(()) : ExperimentDraft = Draft.empty

    /// Checks what was written and makes it a specification.
    member _.Run(draft: ExperimentDraft) : ExperimentSpec = Draft.specification name draft

    /// The model each run starts from.
    [<CustomOperation "model">]
    member _.Model(draft: ExperimentDraft, model: ModelSpec) =
        { draft with Model = Draft.once name "the model" draft.Model model }

    /// The training pairs.
    [<CustomOperation "train">]
    member _.Train(draft: ExperimentDraft, pairs: PairData) =
        { draft with Train = Draft.once name "the training data" draft.Train pairs }

    /// Held-out pairs that each model is tried on while it is trained, once an epoch or as `validateEvery` in
    /// Training.settings says: loss and accuracy on them stand in metrics.jsonl and in the report's curves.
    [<CustomOperation "validate">]
    member _.Validate(draft: ExperimentDraft, pairs: PairData) =
        { draft with Validation = Draft.once name "validate" draft.Validation pairs }

    /// The training settings, shared by all arms.
    [<CustomOperation "training">]
    member _.Training(draft: ExperimentDraft, settings: TrainingOptions) =
        { draft with Training = Draft.once name "training" draft.Training settings }

    /// When each training's state is written, so that a run that was stopped or killed goes on from there; every 10 minutes
    /// if not said.
    [<CustomOperation "checkpoints">]
    member _.Checkpoints(draft: ExperimentDraft, policy: CheckpointPolicy) =
        { draft with Checkpoints = Draft.once name "checkpoints" draft.Checkpoints policy }

    /// One arm: its name, and its steps: one loss; augmenters with their baseline, and how the model scores, if need be.
    [<CustomOperation "arm">]
    member _.Arm(draft: ExperimentDraft, armName: string, steps: Step list) =
        { draft with Arms = draft.Arms @ [ armName, steps ] }

    /// Several arms at once, as a list of names and steps: for sweeps over an option.
    [<CustomOperation "arms">]
    member _.Arms(draft: ExperimentDraft, arms: (string * Step list) list) =
        { draft with Arms = draft.Arms @ arms }

    /// The evaluators, each with its held-out pairs.
    [<CustomOperation "evaluate">]
    member _.Evaluate(draft: ExperimentDraft, evaluations: EvaluationSpec list) =
        { draft with Evaluations = Draft.once name "evaluate" draft.Evaluations evaluations }

    /// The seeds: each arm is run once with each.
    [<CustomOperation "seeds">]
    member _.Seeds(draft: ExperimentDraft, seeds: int list) =
        { draft with Seeds = Draft.once name "seeds" draft.Seeds seeds }

    /// What writes text for augmenters and evaluators that need a language model: a server, a local model, or a function.
    [<CustomOperation "generator">]
    member _.Generator(draft: ExperimentDraft, generator: GeneratorSpec) =
        { draft with Generator = Draft.once name "generator" draft.Generator generator }

    /// Where results go, relative to the script; `runs/NAME` below the current folder if not said.
    [<CustomOperation "output">]
    member _.Output(draft: ExperimentDraft, folder: string) =
        { draft with Output = Draft.once name "output" draft.Output folder }

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
        | context -> context.RunExperiment specification

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

/// The words that an experiment starts with.
[<AutoOpen>]
module ExperimentLanguage =
    /// <summary>
    /// Begins an experiment: <c>experiment "name" { model ...; train ...; arm ...; evaluate ...; seeds ... }</c>.
    /// </summary>
    /// <param name="name">Its name; also the folder of its results below runs/.</param>
    let experiment (name: string) = ExperimentBuilder name
