namespace RewardKit.Hosting.Experiments;

/// <summary>A fifth of the pairs, by how far an ensemble's members lie apart on them.</summary>
/// <param name="Disagreement">The mean of <see cref="PairScore.Disagreement"/>.</param>
/// <param name="Accuracy">The share whose chosen response has the higher reward; equal rewards count one half.</param>
/// <param name="Pairs">How many held-out pairs; seeds judge the same ones and add none.</param>
internal sealed record DisagreementFifth(double Disagreement, double Accuracy, int Pairs);

/// <summary>An ensemble's disagreement as an uncertainty: is it wrong where its members lie apart?</summary>
/// <param name="Fifths">The pairs in fifths, those on which members agree most first; fewer where there are fewer than five pairs.</param>
/// <param name="Auroc">
/// The probability that a pair that it gets wrong has the higher disagreement than one that it gets right: ½ where it tells nothing;
/// null where all are right, or wrong.
/// </param>
internal sealed record DisagreementAndError(IReadOnlyList<DisagreementFifth> Fifths, double? Auroc)
{
    /// <summary>What the fifths are called.</summary>
    public static IReadOnlyList<string> Names { get; } = ["members agree most", "second fifth", "third fifth", "fourth fifth", "members disagree most"];

    /// <summary>Of an arm's scores, a list a seed; each has a disagreement.</summary>
    public static DisagreementAndError Of(IReadOnlyList<PairScore[]> seeds)
    {
        PairScore[] sorted = [.. seeds.SelectMany(s => s).OrderBy(s => s.Disagreement)];
        var parts = Math.Min(Names.Count, sorted.Length);
        var fifths = Enumerable.Range(0, parts).Select(part => sorted[(sorted.Length * part / parts)..(sorted.Length * (part + 1) / parts)]);
        return new(
            [.. fifths.Select(of => new DisagreementFifth(of.Average(s => s.Disagreement!.Value), of.Average(Credit), Math.Max(1, of.Length / seeds.Count)))],
            Area([.. sorted.Where(s => s.Margin < 0).Select(s => s.Disagreement!.Value)], [.. sorted.Where(s => s.Margin > 0).Select(s => s.Disagreement!.Value)]));
    }

    private static double Credit(PairScore score) => score.Margin > 0 ? 1 : score.Margin == 0 ? 0.5 : 0;

    // Both are sorted: the places at which the wrong ones would stand among the right ones, equal ones half.
    private static double? Area(double[] wrong, double[] right) => wrong.Length == 0 || right.Length == 0
        ? null
        : wrong.Sum(w => 0.5 * (Below(right, w, orEqual: false) + Below(right, w, orEqual: true))) / ((double)wrong.Length * right.Length);

    private static int Below(double[] sorted, double value, bool orEqual)
    {
        var (low, high) = (0, sorted.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (sorted[middle] < value || (orEqual && sorted[middle] == value)) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
