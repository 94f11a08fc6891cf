using RewardKit.Hosting.Generators;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Checkpoints;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Experiments;

/// <summary>The kinds of plugin.</summary>
public enum PluginKind
{
    /// <summary><see cref="ILoss"/>.</summary>
    Loss,

    /// <summary><see cref="IAugmenter"/>.</summary>
    Augmenter,

    /// <summary><see cref="IEvaluator"/>.</summary>
    Evaluator,

    /// <summary><see cref="IDecoder"/>.</summary>
    Decoder,

    /// <summary><see cref="IScorerComposer"/>.</summary>
    Composer,

    /// <summary><see cref="IWeightMerger"/>.</summary>
    Merger,
}

/// <summary>A loss, an augmenter or an evaluator in an experiment: a plugin's, or the script's own.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Id">The id.</param>
/// <param name="Options">
/// Option values under their camel-case names: <see cref="bool"/>, <see cref="int"/>, <see cref="double"/> or
/// <see cref="string"/> (also for enumerations, in kebab case). What is left out has the plugin's default.
/// </param>
public abstract record MethodUse(PluginKind Kind, string Id, IReadOnlyDictionary<string, object> Options);

/// <summary>A plugin as a script names it: kind, id and the options it sets; never a type of the plugin.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Id">The id.</param>
/// <param name="Options">The options it sets.</param>
public sealed record PluginUse(PluginKind Kind, string Id, IReadOnlyDictionary<string, object> Options)
    : MethodUse(Kind, Id, Options);

/// <summary>An object that the script itself made. One object serves all runs.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Id">The name that the script gives it.</param>
/// <param name="Method">The <see cref="ILoss"/>, <see cref="IAugmenter"/> or <see cref="IEvaluator"/>.</param>
/// <param name="ContentHash">A hash of all code and input that decide what it does.</param>
public sealed record InlineUse(PluginKind Kind, string Id, object Method, string ContentHash)
    : MethodUse(Kind, Id, new Dictionary<string, object>());

/// <summary>One configuration in an experiment: a loss, and the augmenters that its training data pass through.</summary>
/// <param name="Name">The arm's name, unique in its experiment.</param>
/// <param name="Loss">The loss.</param>
/// <param name="Augmenters">The augmenters, in order.</param>
/// <param name="Baseline">The earlier arm whose model of the same seed the augmenters filter with; null for none.</param>
public sealed record ArmSpec(string Name, MethodUse Loss, IReadOnlyList<MethodUse> Augmenters, string? Baseline = null)
{
    /// <summary>
    /// How its trained model scores where it is judged, or serves as a baseline; null: by itself, each text in one pass.
    /// </summary>
    public MethodUse? Composer { get; init; }

    /// <summary>Language models that its augmenters ask for log-probabilities, by the names they know them under.</summary>
    public IReadOnlyDictionary<string, ModelSpec> Policies { get; init; } = new Dictionary<string, ModelSpec>();

    /// <summary>What writes text for this arm's augmenters, and for its composer; null: the experiment's <see cref="ExperimentSpec.Generator"/>.</summary>
    public GeneratorSpec? Generator { get; init; }
}

/// <summary>An evaluator and the pairs it looks at.</summary>
/// <param name="Evaluator">The evaluator.</param>
/// <param name="Pairs">Held-out pairs; null for an evaluator that brings its own data.</param>
public sealed record EvaluationSpec(MethodUse Evaluator, PairData? Pairs);

/// <summary>Arms × seeds on one model and one training set, judged by the same evaluators.</summary>
public sealed record ExperimentSpec
{
    /// <summary>The experiment's name; also the default output folder below <c>runs/</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The model each run starts from.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>The training pairs.</summary>
    public required PairData Train { get; init; }

    /// <summary>Held-out pairs that models are tried on while they are trained; null for none.</summary>
    public PairData? Validation { get; init; }

    /// <summary>The arms, in the order of the report.</summary>
    public required IReadOnlyList<ArmSpec> Arms { get; init; }

    /// <summary>The evaluators.</summary>
    public required IReadOnlyList<EvaluationSpec> Evaluations { get; init; }

    /// <summary>The seeds, each run once per arm.</summary>
    public required IReadOnlyList<int> Seeds { get; init; }

    /// <summary>The training settings, shared by all arms.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>When each training's state is kept, so that it goes on after it was stopped or killed; null for never.</summary>
    public CheckpointPolicy? Checkpoints { get; init; } = new();

    /// <summary>What writes text for augmenters and evaluators; null for nothing.</summary>
    public GeneratorSpec? Generator { get; init; }

    /// <summary>Where results go, absolute.</summary>
    public required string OutputFolder { get; init; }
}
