namespace RewardKit.Hosting.Experiments;

/// <summary>
/// How far an arm's rewards follow the length of the response (its last turn, in characters). Each number is taken of each
/// seed and then meaned. What is said of longer and shorter leaves out the pairs whose responses are equally long.
/// </summary>
/// <param name="Pearson">Correlation of reward and length over all responses; null where one does not vary.</param>
/// <param name="Spearman">The same of their ranks.</param>
/// <param name="WithinPairs">Correlation of the differences within each pair, where the prompt is the same; Pearson's.</param>
/// <param name="LongerPreferred">The share of pairs whose longer response has the higher reward; equal rewards count one half.</param>
/// <param name="LongerChosen">The share whose longer response is the chosen one: what the labels ask for.</param>
/// <param name="Excess">The 95 % bootstrap interval of the first share less the second, over the pairs; null for fewer than two.</param>
/// <param name="AccuracyLongerChosen">Accuracy where the chosen response is the longer one; null where there is none.</param>
/// <param name="AccuracyShorterChosen">Accuracy where it is the shorter one; null where there is none.</param>
/// <param name="Pairs">How many pairs have responses of different length.</param>
internal sealed record LengthBias(
    double? Pearson, double? Spearman, double? WithinPairs, double? LongerPreferred, double? LongerChosen, Interval? Excess,
    double? AccuracyLongerChosen, double? AccuracyShorterChosen, int Pairs)
{
    /// <summary>The length of a response.</summary>
    public static int LengthOf(Conversation response) => response.LastContent.Length;

    /// <summary>Of an arm's samples.</summary>
    public static LengthBias Of(ArmSamples arm)
    {
        double[] chosen = [.. arm.Pairs.Select(p => (double)LengthOf(p.Chosen))];
        double[] rejected = [.. arm.Pairs.Select(p => (double)LengthOf(p.Rejected))];
        double[] lengths = [.. chosen, .. rejected];
        double[] longer = [.. chosen.Zip(rejected, (c, r) => c - r)];
        // Per pair, over the seeds: how often the chosen response has the higher reward.
        double[] right = [.. arm.Pairs.Select((_, i) => arm.Seeds.Average(s => s[i].Margin > 0 ? 1 : s[i].Margin == 0 ? 0.5 : 0))];
        int[] unequal = [.. Enumerable.Range(0, longer.Length).Where(i => longer[i] != 0)];
        double[] preferred = [.. unequal.Select(i => longer[i] > 0 ? right[i] : 1 - right[i])];
        double[] asked = [.. unequal.Select(i => longer[i] > 0 ? 1.0 : 0)];
        return new(
            Over(s => Correlation.Pearson(lengths, [.. s.Select(x => x.Chosen), .. s.Select(x => x.Rejected)])),
            Over(s => Correlation.Spearman(lengths, [.. s.Select(x => x.Chosen), .. s.Select(x => x.Rejected)])),
            Over(s => Correlation.Pearson(longer, [.. s.Select(x => x.Margin)])),
            Mean(preferred), Mean(asked),
            unequal.Length > 1 ? new Resampling([preferred, asked]).Difference(0, 1) : null,
            Mean(unequal.Where(i => longer[i] > 0).Select(i => right[i])),
            Mean(unequal.Where(i => longer[i] < 0).Select(i => right[i])),
            unequal.Length);

        double? Over(Func<PairScore[], double?> number) => arm.Seeds.Select(number).Average();
    }

    private static double? Mean(IEnumerable<double> values) => values.Select(v => (double?)v).Average();
}
