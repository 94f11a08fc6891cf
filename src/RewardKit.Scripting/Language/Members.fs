namespace RewardKit

open System
open RewardKit.Hosting.Experiments
open RewardKit.Hosting.Scoring
open RewardKit.Training.Data

/// <summary>
/// What an arm scores with beside the model that it trains. One without a loss trains none:
/// <c>arm "worst of three" [ Score.ensemble (aggregate = Ensemble.Aggregate.Worst); Members.seeds ("bradley-terry", [ 1..3 ]) ]</c>.
/// </summary>
[<AbstractClass; Sealed>]
type Members =
    /// <summary>What another arm scores with, trained under the same seed as this one.</summary>
    /// <param name="name">The other arm.</param>
    /// <param name="weight">Its weight; default 1. What it means is the affair of the method that composes.</param>
    static member arm(name: string, ?weight: float) : Step = Step.Members [ ArmMember(name, Nullable(), defaultArg weight 1.0) ]

    /// <summary>What another arm scores with, trained under several seeds of the experiment: a member for each.</summary>
    /// <param name="name">The other arm.</param>
    /// <param name="seeds">The seeds.</param>
    /// <param name="weight">The weight of each; default 1.</param>
    static member seeds(name: string, seeds: int list, ?weight: float) : Step =
        if List.isEmpty seeds then
            raise (RewardKitException.Input $"Members.seeds names no seed of the arm \"{name}\"; name at least one.")

        Step.Members [ for seed in seeds -> ArmMember(name, Nullable seed, defaultArg weight 1.0) ]

    /// <summary>A model in a folder, a rule, or scorers made one: <c>Members.scorer (Reward.model model)</c>.</summary>
    /// <param name="scorer">The scorer.</param>
    /// <param name="weight">Its weight; default 1.</param>
    static member scorer(scorer: ScorerSpec, ?weight: float) : Step = Step.Members [ NamedMember(scorer, defaultArg weight 1.0) ]

    /// <summary>
    /// Pairs whose responses tell the members' scales apart, for methods that bring them to one; the training pairs if not said.
    /// </summary>
    /// <param name="pairs">The pairs.</param>
    static member reference(pairs: PairData) : Step = Step.Reference pairs
