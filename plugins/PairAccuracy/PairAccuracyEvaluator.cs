namespace RewardKit.Plugins.PairAccuracy;

/// <summary>What a pair counts whose responses get the same reward.</summary>
public enum EqualRewards
{
    /// <summary>0, as in RewardBench's script.</summary>
    Strict,

    /// <summary>½, as in RLHFlow's.</summary>
    Half,
}

/// <summary>Options of <c>pair-accuracy</c>.</summary>
[PluginOptions]
public sealed record PairAccuracyOptions
{
    /// <summary>What a pair counts whose responses get the same reward.</summary>
    public EqualRewards Ties { get; init; } = EqualRewards.Strict;
}

/// <summary>
/// The share of held-out preferences whose chosen response gets the higher reward, and the mean margin between the two.
/// Examples that are labelled a tie have no right order and are left out.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("pair-accuracy")]
public sealed class PairAccuracyEvaluator(PairAccuracyOptions options) : IEvaluator
{
    /// <inheritdoc/>
    /// <exception cref="RewardKitException">There are no preferences to judge by.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var pairs = context.Pairs.Where(pair => pair.Relation == Relation.Preferred).ToArray();
        if (pairs.Length == 0)
        {
            throw RewardKitException.Input(
                $"pair-accuracy needs held-out preferences, but was given {context.Pairs.Count} examples and none is one. "
                + "Name the pairs in the script: Evaluate.pairAccuracy (pairs).");
        }
        var scores = context.Scorer.ScorePairs(pairs, cancellation);
        var correct = scores.Select(Credit).ToArray();
        var margins = scores.Select(score => score.Margin).ToArray();
        var metrics = new Dictionary<string, Measurement>
        {
            ["accuracy"] = new(correct.Average(), correct, Chance: 0.5),
            ["margin"] = new(margins.Average(), margins),
        };
        return Task.FromResult(new EvaluationReport(metrics, [.. pairs.Zip(scores, (pair, score) => new EvaluationSample(pair, score))]));
    }

    private double Credit(PairScore score) =>
        score.Chosen > score.Rejected ? 1
        : score.Chosen == score.Rejected && options.Ties == EqualRewards.Half ? 0.5
        : 0;
}
