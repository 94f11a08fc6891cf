namespace RewardKit

open System.Collections.Generic
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Generators
open RewardKit.Models
open RewardKit.Scripting
open RewardKit.Training
open RewardKit.Training.Data

/// A part of an arm, as the functions of `Loss`, `Augment`, `Score`, `Baseline` and `Inline` make it.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type Step =
    /// What the arm trains with: exactly one an arm.
    | Loss of MethodUse
    /// What its training pairs pass through, in order.
    | Augmenter of MethodUse
    /// How its trained model scores where it is judged; by itself if not said. What makes one scorer of its members.
    | Composer of MethodUse
    /// What it scores with beside the model that it trains, or instead of one.
    | Members of MemberSpec list
    /// Pairs whose responses tell its members' scales apart.
    | Reference of PairData
    /// The other arm whose model the augmenters may ask.
    | Baseline of arm: string
    /// What writes text for its augmenters.
    | Generator of GeneratorSpec
    /// A language model that its augmenters ask for log-probabilities, under the name that they know it by.
    | Policy of name: string * model: ModelSpec
    /// The model that its runs start from, instead of the experiment's.
    | Model of ModelSpec
    /// Its training pairs, instead of the experiment's.
    | Train of PairData
    /// What it changes in the experiment's training settings.
    | Training of (TrainingOptions -> TrainingOptions)
    /// What a sweep varied, and the value that this arm has: a number, a flag or a text.
    | Value of name: string * value: obj

/// The baseline of an arm.
module Baseline =
    /// Lets this arm's augmenters ask the model that another arm trained, under the same seed, on the original pairs.
    let arm (name: string) : Step = Step.Baseline name

/// Language models beside the one that a run starts from.
module Policy =
    /// Lets this arm's augmenters ask a model how likely responses are: <c>Policy.named "previous" model</c>.
    let named (name: string) (model: ModelSpec) : Step = Step.Policy(name, model)

/// What the generated functions of `Loss`, `Augment` and `Evaluate` are written with. A script that must name a plugin
/// whose functions are not generated can use these, too.
module Plugin =
    /// An option under its camel-case name; left out where it has no value.
    let option (name: string) (value: 'value option) : (string * obj) option =
        match Option.map box value with
        | None -> None
        | Some(:? bool | :? int | :? float | :? string as plain) -> Some(name, plain)
        | Some choice -> Some(name, box (string choice))

    /// An option that is the path of a file or folder which the plugin reads, relative to the script.
    let path (name: string) (value: string option) : (string * obj) option =
        value |> Option.map (fun relative -> name, box (Script.path relative))

    let private useOf kind id (options: (string * obj) option list) =
        PluginUse(kind, id, readOnlyDict (List.choose Operators.id options))

    /// A loss by its id.
    let loss (id: string) options : Step =
        Step.Loss(useOf PluginKind.Loss id options)

    /// An augmenter by its id.
    let augmenter (id: string) options : Step =
        Step.Augmenter(useOf PluginKind.Augmenter id options)

    /// A decoder by its id: how a model is decoded from.
    let decoder (id: string) options : MethodUse = useOf PluginKind.Decoder id options

    /// A weight merger by its id: how one model is made of several.
    let merger (id: string) options : MethodUse = useOf PluginKind.Merger id options

    /// A scorer composer by its id: how the arm's trained model scores.
    let composer (id: string) options : Step =
        Step.Composer(useOf PluginKind.Composer id options)

    /// An evaluator by its id, and the pairs it looks at; none for one that brings its own data.
    let evaluator (id: string) options (pairs: PairData option) : EvaluationSpec =
        EvaluationSpec(useOf PluginKind.Evaluator id options, Option.toObj pairs)
