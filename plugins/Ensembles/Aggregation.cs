namespace RewardKit.Plugins.Ensembles;

/// <summary>What several rewards make together.</summary>
internal static class Aggregation
{
    /// <summary>The reward of a response.</summary>
    /// <param name="rewards">The members' rewards, at least one.</param>
    /// <param name="weights">Their weights, above 0.</param>
    /// <param name="options">How.</param>
    public static double Of(double[] rewards, double[] weights, EnsembleOptions options) => options.Aggregate switch
    {
        Aggregate.Mean => Mean(rewards, weights),
        Aggregate.Median => Median(rewards),
        Aggregate.Worst => rewards.Min(),
        Aggregate.LowerBound => Mean(rewards, weights) - options.Caution * Math.Sqrt(Variance(rewards, weights, options.Ddof)),
        Aggregate.MeanLessVariance => Mean(rewards, weights) - options.Caution * Variance(rewards, weights, options.Ddof),
        _ => throw new InvalidOperationException($"No aggregate {options.Aggregate}."),
    };

    // Around the first, so that equal rewards give their own value exactly.
    private static double Mean(double[] rewards, double[] weights) =>
        rewards[0] + rewards.Zip(weights, (reward, weight) => weight * (reward - rewards[0])).Sum() / weights.Sum();

    private static double Median(double[] rewards)
    {
        double[] sorted = [.. rewards.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    // One member alone disagrees with nobody, whatever the divisor.
    private static double Variance(double[] rewards, double[] weights, int ddof)
    {
        if (rewards.Length == 1) return 0;
        var mean = Mean(rewards, weights);
        var population = rewards.Zip(weights, (reward, weight) => weight * (reward - mean) * (reward - mean)).Sum() / weights.Sum();
        return population * rewards.Length / (rewards.Length - ddof);
    }
}
