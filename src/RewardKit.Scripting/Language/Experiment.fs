namespace RewardKit

open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Generators
open RewardKit.Models
open RewardKit.Training
open RewardKit.Training.Checkpoints
open RewardKit.Training.Data

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

    /// The training settings, shared by all arms but for what Arm.training changes.
    [<CustomOperation "training">]
    member _.Training(draft: ExperimentDraft, settings: TrainingOptions) =
        { draft with Training = Draft.once name "training" draft.Training settings }

    /// When each training's state is written, so that a run that was stopped or killed goes on from there; every 10 minutes
    /// if not said.
    [<CustomOperation "checkpoints">]
    member _.Checkpoints(draft: ExperimentDraft, policy: CheckpointPolicy) =
        { draft with Checkpoints = Draft.once name "checkpoints" draft.Checkpoints policy }

    /// One arm: its name, and its steps: one loss; augmenters with their baseline, how the model scores, and what the arm has of its
    /// own (Arm.model, Arm.train, Arm.training), if need be.
    [<CustomOperation "arm">]
    member _.Arm(draft: ExperimentDraft, armName: string, steps: Step list) =
        { draft with Arms = draft.Arms @ [ armName, steps ] }

    /// Several arms at once, as a list of names and steps: a list comprehension, or what Sweep.grid and Sweep.random give.
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

/// The words that an experiment starts with.
[<AutoOpen>]
module ExperimentLanguage =
    /// <summary>
    /// Begins an experiment: <c>experiment "name" { model ...; train ...; arm ...; evaluate ...; seeds ... }</c>.
    /// </summary>
    /// <param name="name">Its name; also the folder of its results below runs/.</param>
    let experiment (name: string) = ExperimentBuilder name
