namespace RewardKit;

/// <summary>What an evaluator asks of the host.</summary>
[Flags]
public enum EvaluatorNeeds
{
    /// <summary>Nothing but a scorer and data.</summary>
    None = 0,

    /// <summary>A text generator: <see cref="EvaluationContext.Generator"/>.</summary>
    Generator = 1,

    /// <summary>
    /// Rewards of single responses, which an <see cref="IPairScorer"/> does not have. An evaluator that only ever compares two
    /// responses to one prompt leaves it out, and uses <see cref="ScorerExtensions.ScorePairs"/>.
    /// </summary>
    Rewards = 2,

    /// <summary>
    /// What the model under evaluation writes: <see cref="EvaluationContext.Writer"/>. Such an evaluator judges the answers and
    /// leaves <see cref="EvaluationContext.Scorer"/> alone, unless it asks for <see cref="Rewards"/> as well.
    /// </summary>
    Writer = 4,

    /// <summary>
    /// Rewards within responses: <see cref="EvaluationContext.Scorer"/> is an <see cref="IPlaceScorer"/>. A scorer that is none is not judged
    /// by such an evaluator, and the run's notes say so.
    /// </summary>
    Places = 8,
}

/// <summary>Judges a scorer: reads it, never changes it. Called by one thread at a time.</summary>
public interface IEvaluator
{
    /// <summary>What <see cref="EvaluateAsync"/> uses from its context. Asked once, before anything is trained.</summary>
    EvaluatorNeeds Needs => EvaluatorNeeds.None;

    /// <summary>Evaluates a scorer.</summary>
    /// <param name="context">The scorer, the data that the script names, and a seed.</param>
    /// <param name="cancellation">Stops the evaluation.</param>
    /// <returns>Named measurements and samples.</returns>
    Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation);
}

/// <summary>What an evaluator works on.</summary>
/// <param name="scorer">The scorer to judge.</param>
/// <param name="pairs">The held-out pairs that the script gives this evaluator; empty for one that brings its own data.</param>
/// <param name="seed">Decides every random choice.</param>
/// <param name="generator">What writes text, or null where the script names nothing.</param>
/// <param name="writer">What the model under evaluation writes, or null where it is none that writes.</param>
public sealed class EvaluationContext(
    IScorer scorer, IReadOnlyList<PreferenceExample> pairs, int seed, ITextGenerator? generator = null, ITextGenerator? writer = null)
{
    /// <summary>The scorer to judge.</summary>
    public IScorer Scorer { get; } = scorer;

    /// <summary>The held-out pairs that the script gives this evaluator; empty for one that brings its own data.</summary>
    public IReadOnlyList<PreferenceExample> Pairs { get; } = pairs;

    /// <summary>Decides every random choice.</summary>
    public int Seed { get; } = seed;

    /// <summary>What writes transformed texts, candidates and verdicts.</summary>
    /// <exception cref="RewardKitException">The script names none.</exception>
    public ITextGenerator Generator => generator ?? throw RewardKitException.Input(
        "This evaluator has text written by a language model, but the script names none. "
        + "Add generator (Generator.server (url = \"…\", model = \"…\")) to the experiment.");

    /// <summary>What the model under evaluation writes.</summary>
    /// <exception cref="RewardKitException">It is no language model.</exception>
    public ITextGenerator Writer => writer ?? throw RewardKitException.Input(
        $"This evaluator judges what a model writes, and \"{Scorer.Name}\" writes nothing.");
}

/// <summary>What an evaluator found.</summary>
/// <param name="Metrics">Measurements under their names.</param>
/// <param name="Samples">The pairs it looked at with their rewards, for histograms and examples; may be empty.</param>
public sealed record EvaluationReport(
    IReadOnlyDictionary<string, Measurement> Metrics, IReadOnlyList<EvaluationSample> Samples);

/// <summary>A named number.</summary>
/// <param name="Value">The number; a share is in [0, 1].</param>
/// <param name="Items">
/// What each item contributed (its mean is <paramref name="Value"/>), in an order that is the same for every scorer: from
/// these the host makes intervals and paired comparisons. Null where the number is no mean over items.
/// </param>
/// <param name="Chance">The value that guessing would reach, for the reports' "above chance"; null where there is none.</param>
public sealed record Measurement(double Value, IReadOnlyList<double>? Items = null, double? Chance = null);

/// <summary>A pair with its rewards.</summary>
/// <param name="Example">The pair.</param>
/// <param name="Score">Its rewards.</param>
public sealed record EvaluationSample(PreferenceExample Example, PairScore Score);
