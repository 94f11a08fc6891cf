namespace RewardKit.Plugins.Cream;

/// <summary>How the agreement of two rankings is measured.</summary>
public enum Measure
{
    /// <summary>Kendall's τ, as <c>(1 + τ)/2</c>.</summary>
    Kendall,

    /// <summary>Spearman's ρ of the ordinal ranks, as <c>(1 + ρ)/2</c>.</summary>
    Spearman,

    /// <summary>1 where both rankings have the same best and the same worst answer, else 0.</summary>
    TopOrder,

    /// <summary>
    /// As the released code computes it: 1 where the answer that is listed first has the same rank in both, and that which is
    /// listed last, too. For comparison with that code alone.
    /// </summary>
    TopOrderLiteral,
}

/// <summary>What becomes of equal rewards in Kendall's τ.</summary>
public enum TieRule
{
    /// <summary>
    /// The one that is listed first ranks lower, in both lists: no tie is left, but the order of the answers matters. The
    /// released code does so.
    /// </summary>
    Ordinal,

    /// <summary>τ-a: a pair of answers tied in either list counts neither way; the paper's formula on the rewards themselves.</summary>
    TauA,

    /// <summary>τ-b: what is tied is taken out of the denominator, too; 0 where all rewards of a list are equal.</summary>
    TauB,
}

/// <summary>How far two models agree in ranking the same answers, by their rewards for them.</summary>
public static class Agreement
{
    /// <summary>The consistency c of two lists of rewards, in [0, 1].</summary>
    /// <param name="current">One model's rewards of at least two answers.</param>
    /// <param name="previous">The other's of the same.</param>
    /// <param name="measure">How it is measured.</param>
    /// <param name="ties">What becomes of equal rewards, for Kendall's τ.</param>
    public static double Consistency(IReadOnlyList<double> current, IReadOnlyList<double> previous, Measure measure, TieRule ties) => measure switch
    {
        Measure.Kendall => (1 + Kendall(current, previous, ties)) / 2,
        Measure.Spearman => (1 + Spearman(current, previous)) / 2,
        Measure.TopOrder => (Best(current), Worst(current)) == (Best(previous), Worst(previous)) ? 1 : 0,
        _ => Ranks(current) is var j && Ranks(previous) is var k && (j[0], j[^1]) == (k[0], k[^1]) ? 1 : 0,
    };

    /// <summary>Kendall's τ: concordant less discordant pairs of answers, in their share of all pairs.</summary>
    public static double Kendall(IReadOnlyList<double> current, IReadOnlyList<double> previous, TieRule ties)
    {
        if (ties == TieRule.Ordinal) (current, previous) = ([.. Ranks(current)], [.. Ranks(previous)]);
        var (sum, untiedInOne, untiedInOther) = (0, 0, 0);
        for (var i = 0; i < current.Count; i++)
            for (var later = i + 1; later < current.Count; later++)
            {
                var (one, other) = (current[later].CompareTo(current[i]), previous[later].CompareTo(previous[i]));
                sum += Math.Sign(one) * Math.Sign(other);
                if (one != 0) untiedInOne++;
                if (other != 0) untiedInOther++;
            }
        var scale = ties == TieRule.TauB ? Math.Sqrt((double)untiedInOne * untiedInOther) : current.Count * (current.Count - 1) / 2.0;
        return scale == 0 ? 0 : sum / scale;
    }

    /// <summary>Spearman's ρ of the ordinal ranks.</summary>
    public static double Spearman(IReadOnlyList<double> current, IReadOnlyList<double> previous)
    {
        var n = (double)current.Count;
        return 1 - 6 * Ranks(current).Zip(Ranks(previous), (j, k) => (double)(j - k) * (j - k)).Sum() / (n * (n * n - 1));
    }

    /// <summary>Ranks from 1 for the lowest reward; of equal ones the first has the lower rank.</summary>
    public static int[] Ranks(IReadOnlyList<double> rewards)
    {
        var ranks = new int[rewards.Count];
        foreach (var (rank, place) in Enumerable.Range(0, ranks.Length).OrderBy(i => rewards[i]).Index()) ranks[place] = rank + 1;
        return ranks;
    }

    /// <summary>The place of the highest reward, the first of several.</summary>
    public static int Best(IReadOnlyList<double> rewards) => Enumerable.Range(0, rewards.Count).MaxBy(i => rewards[i]);

    /// <summary>The place of the lowest reward, the first of several.</summary>
    public static int Worst(IReadOnlyList<double> rewards) => Enumerable.Range(0, rewards.Count).MinBy(i => rewards[i]);
}
