namespace RewardKit

open System
open System.Collections.Generic
open System.Collections.Immutable
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Generators
open RewardKit.Models
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

    /// What the settings of training ask for and the experiment does not have.
    let private checkTraining refuse (validation: PairData) (checkpoints: CheckpointPolicy) (training: TrainingOptions) =
        if training.ValidateEvery.HasValue && isNull validation then
            refuse "validateEvery is set, but there are no pairs to validate on; add validate pairs.Test."

        if training.Keep <> KeepModel.Last then
            if isNull validation then
                refuse "keep asks for the best model, but there are no pairs to tell by; add validate pairs.Test."

            if isNull checkpoints then
                refuse "keep asks for the best model, and Checkpoints.never leaves none to come back to."

    /// Makes steps an arm of an experiment with a name, with what is shared by arms that state nothing of their own, and the names of
    /// all arms.
    let arm name (shared: TrainingOptions, validation, checkpoints) (names: string list) (armName: string, steps: Step list) =
        let refuse message = refuse name $"arm \"{armName}\" {message}"
        let models = steps |> List.choose (function Step.Model m -> Some m | _ -> None)
        let pairs = steps |> List.choose (function Step.Train t -> Some t | _ -> None)
        let changes = steps |> List.choose (function Step.Training t -> Some t | _ -> None)
        let values = steps |> List.choose (function Step.Value(name, value) -> Some(KeyValuePair(name, value)) | _ -> None)

        let losses = steps |> List.choose (function Step.Loss l -> Some l | _ -> None)
        let augmenters = steps |> List.choose (function Step.Augmenter a -> Some a | _ -> None)
        let generators = steps |> List.choose (function Step.Generator g -> Some g | _ -> None)
        let composers = steps |> List.choose (function Step.Composer c -> Some c | _ -> None)
        let baselines = steps |> List.choose (function Step.Baseline b -> Some b | _ -> None)

        let members = steps |> List.collect (function Step.Members some -> some | _ -> [])
        let references = steps |> List.choose (function Step.Reference r -> Some r | _ -> None)

        let policies = steps |> List.choose (function Step.Policy(name, model) -> Some(name, model) | _ -> None)

        match policies |> List.countBy fst |> List.tryFind (fun (_, count) -> count > 1) with
        | Some(twice, _) -> refuse $"names two language models \"{twice}\"; keep one."
        | None -> ()

        let loss =
            match losses with
            | [ loss ] -> loss
            | [] when not (List.isEmpty members && List.isEmpty composers) -> null
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

        let atMostOne what =
            function
            | [] -> null
            | [ one ] -> one
            | several -> refuse $"has {List.length several} {what}; keep one."

        let training =
            match changes with
            | [] -> null
            | _ -> changes |> List.fold (fun settings change -> change settings) shared

        if not (isNull training) then
            checkTraining refuse validation checkpoints training

        ArmSpec(
            armName,
            loss,
            List.toArray augmenters,
            baseline,
            Generator = generator,
            Composer = composer,
            Policies = Dictionary(dict policies),
            Model = atMostOne "models" models,
            Train = atMostOne "sets of training pairs" pairs,
            Members = List.toArray members,
            Reference = atMostOne "sets of pairs that tell its members' scales apart" references,
            Training = training,
            Values = List.toArray values
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
        let validation, checkpoints = Option.toObj draft.Validation, defaultArg draft.Checkpoints (CheckpointPolicy())
        checkTraining (refuse name) validation checkpoints training
        let made = arms |> Array.map (arm name (training, validation, checkpoints) names)

        // What no arm uses need not be stated: each has its own, or trains nothing.
        let trained = made |> Array.filter (fun arm -> not (isNull arm.Loss))

        let orOfArms what example stated (ofArm: ArmSpec -> 'value) (unused: 'value) =
            match stated with
            | None when Array.isEmpty trained -> unused
            | None when trained |> Array.forall (fun arm -> not (isNull (box (ofArm arm)))) -> ofArm trained[0]
            | _ -> required what example stated

        ExperimentSpec(
            Name = name,
            Model = orOfArms "model" "model (Model.load \"FOLDER\")" draft.Model _.Model (ModelSpec()),
            Train = orOfArms "training data" "train pairs.Train" draft.Train _.Train (JoinedPairs ImmutableArray.Empty),
            Validation = validation,
            Arms = made,
            Evaluations =
                (draft.Evaluations
                 |> Option.defaultValue []
                 |> someOf "evaluator" "evaluate [ Evaluate.pairAccuracy pairs.Test ]"),
            Seeds = (draft.Seeds |> Option.defaultValue [] |> someOf "seed" "seeds [ 1; 2 ]"),
            Training = training,
            Checkpoints = checkpoints,
            Generator = Option.toObj draft.Generator,
            OutputFolder =
                (match draft.Output with
                 | Some folder -> Script.path folder
                 | None -> Script.runsOf name)
        )
