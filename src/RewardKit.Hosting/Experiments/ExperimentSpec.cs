using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Scoring;
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
public abstract record MethodUse(PluginKind Kind, string Id, IReadOnlyDictionary<string, object> Options)
{
    /// <summary>Where the options are completed by their defaults, the names of those that were set; else null.</summary>
    public IReadOnlyCollection<string>? Given { get; init; }
}

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

/// <summary>A scorer that an arm's composer makes its own of.</summary>
/// <param name="Weight">Its weight; what it means is the composer's affair.</param>
public abstract record MemberSpec(double Weight);

/// <summary>What another arm scores with.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Seed">The seed that it was trained under; null: the one under which this arm is run.</param>
/// <param name="Weight">Its weight.</param>
public sealed record ArmMember(string Arm, int? Seed, double Weight) : MemberSpec(Weight);

/// <summary>A model in a folder, a rule of the script, or scorers made one.</summary>
/// <param name="Scorer">The scorer.</param>
/// <param name="Weight">Its weight.</param>
public sealed record NamedMember(ScorerSpec Scorer, double Weight) : MemberSpec(Weight);

/// <summary>
/// One configuration in an experiment: a loss, and the augmenters that its training data pass through; or how what is there
/// already scores.
/// </summary>
/// <param name="Name">The arm's name, unique in its experiment.</param>
/// <param name="Loss">The loss; null for an arm that trains nothing, and scores with its members.</param>
/// <param name="Augmenters">The augmenters, in order.</param>
/// <param name="Baseline">The earlier arm whose model of the same seed the augmenters filter with; null for none.</param>
public sealed record ArmSpec(string Name, MethodUse? Loss, IReadOnlyList<MethodUse> Augmenters, string? Baseline = null)
{
    /// <summary>
    /// How its trained model scores where it is judged, or serves as a baseline; null: by itself, each text in one pass. What
    /// makes one scorer of its <see cref="Members"/>.
    /// </summary>
    public MethodUse? Composer { get; init; }

    /// <summary>What it scores with beside its own model; a single one needs no composer where the arm trains none.</summary>
    public IReadOnlyList<MemberSpec> Members { get; init; } = [];

    /// <summary>Pairs whose responses tell the members' scales apart, for composers that ask; null: the training pairs.</summary>
    public PairData? Reference { get; init; }

    /// <summary>Language models that its augmenters ask for log-probabilities, by the names they know them under.</summary>
    public IReadOnlyDictionary<string, ModelSpec> Policies { get; init; } = new Dictionary<string, ModelSpec>();

    /// <summary>What writes text for this arm's augmenters, and for its composer; null: the experiment's <see cref="ExperimentSpec.Generator"/>.</summary>
    public GeneratorSpec? Generator { get; init; }

    /// <summary>The model its runs start from; null: the experiment's <see cref="ExperimentSpec.Model"/>.</summary>
    public ModelSpec? Model { get; init; }

    /// <summary>Its training pairs; null: the experiment's <see cref="ExperimentSpec.Train"/>.</summary>
    public PairData? Train { get; init; }

    /// <summary>Its training settings; null: the experiment's <see cref="ExperimentSpec.Training"/>.</summary>
    public TrainingOptions? Training { get; init; }

    /// <summary>What a sweep varied and the values that this arm has, in order: numbers, flags or texts. No result depends on it.</summary>
    public IReadOnlyList<KeyValuePair<string, object>> Values { get; init; } = [];
}

/// <summary>An evaluator and the pairs it looks at.</summary>
/// <param name="Evaluator">The evaluator.</param>
/// <param name="Pairs">Held-out pairs; null for an evaluator that brings its own data.</param>
public sealed record EvaluationSpec(MethodUse Evaluator, PairData? Pairs);

/// <summary>Arms × seeds, judged by the same evaluators. Model, training pairs and settings are those of all arms that have none of their own.</summary>
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

    /// <summary>The training settings.</summary>
    public TrainingOptions Training { get; init; } = new();

    /// <summary>When each training's state is kept, so that it goes on after it was stopped or killed; null for never.</summary>
    public CheckpointPolicy? Checkpoints { get; init; } = new();

    /// <summary>What writes text for augmenters and evaluators; null for nothing.</summary>
    public GeneratorSpec? Generator { get; init; }

    /// <summary>Where results go, absolute.</summary>
    public required string OutputFolder { get; init; }

    /// <summary>This experiment with some parts changed; what is left out stays.</summary>
    public ExperimentSpec With(
        string? name = null, string? outputFolder = null, ModelSpec? model = null, PairData? train = null, IReadOnlyList<ArmSpec>? arms = null,
        IReadOnlyList<EvaluationSpec>? evaluations = null, IReadOnlyList<int>? seeds = null) => this with
        {
            Name = name ?? Name,
            OutputFolder = outputFolder ?? OutputFolder,
            Model = model ?? Model,
            Train = train ?? Train,
            Arms = arms ?? Arms,
            Evaluations = evaluations ?? Evaluations,
            Seeds = seeds ?? Seeds,
        };

    /// <summary>An arm of this experiment as one of another, with what is otherwise there as its own.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="other">The other experiment.</param>
    public ArmSpec Moved(ArmSpec arm, ExperimentSpec other) => arm with
    {
        Model = ExperimentText.AreAlike(ModelOf(arm), other.Model) ? null : ModelOf(arm),
        Train = TrainOf(arm).Equals(other.Train) ? null : TrainOf(arm),
        Training = ExperimentText.AreAlike(TrainingOf(arm), other.Training) ? null : TrainingOf(arm),
    };

    /// <summary>Whether an arm of that name is there that trains and scores like it.</summary>
    public bool Has(ArmSpec arm) => Arms.FirstOrDefault(a => a.Name == arm.Name) is { } known && ExperimentText.Whole(this, known) == ExperimentText.Whole(this, arm);

    /// <summary>The evaluators under their labels: the same one a second time, on other pairs or with other options, is told apart by a number.</summary>
    public IReadOnlyList<(string Label, EvaluationSpec Evaluation)> Labelled()
    {
        var times = new Dictionary<string, int>();
        return [.. Evaluations.Select(e =>
        {
            var time = times[e.Evaluator.Id] = times.GetValueOrDefault(e.Evaluator.Id) + 1;
            return (time == 1 ? e.Evaluator.Id : $"{e.Evaluator.Id}#{time}", e);
        })];
    }

    /// <summary>The pairs that a metric was measured on; null for an evaluator's own data.</summary>
    /// <param name="metric"><c>evaluator/metric</c>.</param>
    public PairData? EvaluationOf(string metric) => Labelled().FirstOrDefault(e => metric.StartsWith(e.Label + "/", StringComparison.Ordinal)).Evaluation?.Pairs;

    /// <summary>The settings in which two experiments differ, with the value that each has; null where it has none.</summary>
    public static IReadOnlyList<(string Setting, string? First, string? Second)> Differences(ExperimentSpec first, ExperimentSpec second)
    {
        var (one, other) = (ExperimentText.Settings(first).ToDictionary(s => s.Name, s => s.Value), ExperimentText.Settings(second).ToDictionary(s => s.Name, s => s.Value));
        return [.. one.Keys.Union(other.Keys).Select(s => (s, one.GetValueOrDefault(s), other.GetValueOrDefault(s))).Where(s => s.Item2 != s.Item3)];
    }

    /// <summary>Two experiments are equal where they state the same under the same name, wherever their results go.</summary>
    public bool Equals(ExperimentSpec? other) => other is not null && Name == other.Name && ExperimentText.Settings(this).SequenceEqual(ExperimentText.Settings(other));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Arms.Count, Seeds.Count);

    /// <summary>The experiment on some lines, for people; options that are left at their defaults are not named.</summary>
    public override string ToString() => ExperimentText.Print(this);

    /// <summary>
    /// The seeds under which an arm is run: all, or the first alone where nothing about it depends on the seed, as where it trains
    /// nothing and its members are the models of certain seeds.
    /// </summary>
    public IReadOnlyList<int> SeedsOf(ArmSpec arm) => DependsOnSeed(arm) ? Seeds : [.. Seeds.Take(1)];

    /// <summary>The seed of another arm's run that an arm under a seed has as its member.</summary>
    public int SeedOf(ArmMember member, int seed) => member.Seed ?? (SeedsOf(ArmNamed(member.Arm)).Contains(seed) ? seed : Seeds[0]);

    /// <summary>The arm with a name.</summary>
    public ArmSpec ArmNamed(string name) => Arms.First(arm => arm.Name == name);

    private bool DependsOnSeed(ArmSpec arm) => arm.Loss is not null || arm.Members.OfType<ArmMember>().Any(member => member.Seed is null && DependsOnSeed(ArmNamed(member.Arm)));

    /// <summary>The model that an arm's runs start from.</summary>
    public ModelSpec ModelOf(ArmSpec arm) => arm.Model ?? Model;

    /// <summary>An arm's training pairs.</summary>
    public PairData TrainOf(ArmSpec arm) => arm.Train ?? Train;

    /// <summary>An arm's training settings.</summary>
    public TrainingOptions TrainingOf(ArmSpec arm) => arm.Training ?? Training;
}
