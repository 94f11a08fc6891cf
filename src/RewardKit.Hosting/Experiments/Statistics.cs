namespace RewardKit.Hosting.Experiments;

/// <summary>A closed interval.</summary>
/// <param name="Low">Its lower end.</param>
/// <param name="High">Its upper end.</param>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>Whether a value lies in it, ends included.</summary>
    public bool Contains(double value) => Low <= value && value <= High;
}

/// <summary>
/// The intervals of the reports, all for 95 %. A share of one run has Wilson's interval, another mean of one run ± 1.96
/// standard errors. An arm's mean over its seeds, and the difference of two arms, is taken per item first, and has the
/// percentile interval of the bootstrap over the items (<see cref="Resampling"/>). So n counts items (held-out pairs),
/// never items × seeds. The interval speaks of the choice of items, with the trained models as they are; what the seed
/// does stands beside it as a standard deviation.
/// </summary>
public static class Statistics
{
    /// <summary>The two-sided 95 % quantile of the standard normal distribution.</summary>
    public const double Z = 1.959963984540054;

    /// <summary>The arithmetic mean; NaN for nothing.</summary>
    public static double Mean(IReadOnlyCollection<double> values) => values.Count == 0 ? double.NaN : values.Sum() / values.Count;

    /// <summary>The sample standard deviation (divisor n − 1); null for fewer than two values.</summary>
    public static double? StandardDeviation(IReadOnlyCollection<double> values)
    {
        if (values.Count < 2) return null;
        var mean = Mean(values);
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
    }

    /// <summary>Wilson's score interval for a share (Wilson 1927, J. Am. Stat. Assoc. 22, 209-212).</summary>
    /// <param name="share">The share measured, in [0, 1].</param>
    /// <param name="n">On how many items, above 0.</param>
    public static Interval Wilson(double share, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(n);
        const double z2 = Z * Z;
        var centre = (share + z2 / (2 * n)) / (1 + z2 / n);
        var half = Z / (1 + z2 / n) * Math.Sqrt(share * (1 - share) / n + z2 / (4.0 * n * n));
        return new(Math.Max(0, centre - half), Math.Min(1, centre + half));
    }

    /// <summary>The mean ± 1.96 standard errors over the items; null for fewer than two items.</summary>
    public static Interval? OfMean(IReadOnlyCollection<double> items)
    {
        if (StandardDeviation(items) is not { } deviation) return null;
        var half = Z * deviation / Math.Sqrt(items.Count);
        return new(Mean(items) - half, Mean(items) + half);
    }

    /// <summary>The interval of one run's measurement: Wilson's for a share, else that of the mean; null without items.</summary>
    public static Interval? OfRun(Measurement measurement) => measurement.Items switch
    {
        null or { Count: 0 } => null,
        var items when IsShare(measurement) => Wilson(measurement.Value, items.Count),
        var items => OfMean(items),
    };

    /// <summary>
    /// Holm's correction (Holm 1979, Scand. J. Stat. 6, 65-70): below 0.05 the result holds with at most a 5 % chance of
    /// even one false one among all.
    /// </summary>
    /// <param name="values">The p values of all that was tested.</param>
    /// <returns>The corrected ones, in the same order.</returns>
    public static double[] Holm(IReadOnlyList<double> values)
    {
        var corrected = new double[values.Count];
        var least = 0.0;
        foreach (var (rank, place) in Enumerable.Range(0, values.Count).OrderBy(i => values[i]).Index())
            corrected[place] = least = Math.Max(least, Math.Min(1, (values.Count - rank) * values[place]));
        return corrected;
    }

    /// <summary>Whether each item is right, wrong or half of it, so that the mean is a share.</summary>
    internal static bool IsShare(Measurement measurement) => measurement.Items?.All(i => i is 0 or 0.5 or 1) == true;

    /// <summary>Each item's mean over runs that looked at the same items in the same order; null where they did not.</summary>
    public static double[]? PerItem(IReadOnlyList<Measurement> runs)
    {
        if (runs.Count == 0 || runs[0].Items is not { } first || runs.Any(r => r.Items?.Count != first.Count)) return null;
        var means = new double[first.Count];
        foreach (var run in runs)
            for (var i = 0; i < means.Length; i++) means[i] += run.Items![i] / runs.Count;
        return means;
    }
}
