namespace RewardKit.Plugins.Crome;

/// <summary>
/// Crome's confidence filter: what the baseline already judges right teaches nothing more, and is dropped.
/// </summary>
public static class ConfidenceFilter
{
    /// <summary>The target of a tie.</summary>
    public const double Tie = 0.5;

    /// <summary>The baseline's probability that the second response of a pair is the better, by Bradley and Terry's model.</summary>
    /// <param name="score">The baseline's rewards.</param>
    public static double Probability(PairScore score) => 1 / (1 + Math.Exp(score.Margin));

    /// <summary>Whether an augmented pair stays: <c>|p − t| &gt; τ</c>.</summary>
    /// <param name="probability">p, the baseline's probability that the second response is the better, in [0, 1].</param>
    /// <param name="target">t: 1 where the second is labelled better, 0 where the first is, ½ for a tie.</param>
    /// <param name="threshold">τ; below 0 every pair stays, from 1 none.</param>
    public static bool Keeps(double probability, double target, double threshold) => Math.Abs(probability - target) > threshold;

    /// <summary>The rows that stay, in their order.</summary>
    /// <param name="rows">Augmented rows: preferences and ties.</param>
    /// <param name="threshold">τ; below 0 every row stays, and the baseline is not asked.</param>
    /// <param name="context">Gives the baseline.</param>
    /// <param name="cancellation">Stops the scoring.</param>
    public static IReadOnlyList<PreferenceExample> Filter(
        IReadOnlyList<PreferenceExample> rows, double threshold, AugmentationContext context, CancellationToken cancellation)
    {
        if (threshold < 0 || rows.Count == 0) return rows;
        var scores = context.Baseline.ScorePairs(rows, cancellation);
        return [.. rows.Where((row, i) => Keeps(Probability(scores[i]), row.Relation == Relation.Tie ? Tie : 0, threshold))];
    }

    /// <summary>What an augmenter with this threshold needs.</summary>
    internal static AugmenterNeeds Needs(double threshold) => threshold < 0 ? AugmenterNeeds.None : AugmenterNeeds.Baseline;
}
