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

    /// <summary>Of the samples of arms that judged the same pairs.</summary>
    public static IReadOnlyList<LengthBias> Of(IReadOnlyList<ArmSamples> arms)
    {
        if (arms.Count == 0) return [];
        double[] chosen = [.. arms[0].Pairs.Select(p => (double)LengthOf(p.Chosen))];
        double[] rejected = [.. arms[0].Pairs.Select(p => (double)LengthOf(p.Rejected))];
        double[] lengths = [.. chosen, .. rejected];
        double[] longer = [.. chosen.Zip(rejected, (c, r) => c - r)];
        int[] unequal = [.. Enumerable.Range(0, longer.Length).Where(i => longer[i] != 0)];
        double[] asked = [.. unequal.Select(i => longer[i] > 0 ? 1.0 : 0)];
        // Per pair, over the seeds: how often the chosen response has the higher reward, and the longer one.
        double[][] right = [.. arms.Select(a => unequal.Select(i => a.Seeds.Average(s => s[i].Margin > 0 ? 1 : s[i].Margin == 0 ? 0.5 : 0)).ToArray())];
        double[][] preferred = [.. right.Select(r => r.Zip(asked, (share, longerChosen) => longerChosen == 1 ? share : 1 - share).ToArray())];
        var draws = unequal.Length > 1 ? new Resampling([.. preferred.Select(p => p.Zip(asked, (x, y) => x - y).ToArray())]) : null;
        return [.. arms.Select((arm, place) => new LengthBias(
            Over(arm, s => Correlation.Pearson(lengths, [.. s.Select(x => x.Chosen), .. s.Select(x => x.Rejected)])),
            Over(arm, s => Correlation.Spearman(lengths, [.. s.Select(x => x.Chosen), .. s.Select(x => x.Rejected)])),
            Over(arm, s => Correlation.Pearson(longer, [.. s.Select(x => x.Margin)])),
            Mean(preferred[place]), Mean(asked), draws?.Mean(place),
            Mean(right[place].Where((_, i) => asked[i] == 1)), Mean(right[place].Where((_, i) => asked[i] == 0)), unequal.Length))];
    }

    private static double? Over(ArmSamples arm, Func<PairScore[], double?> number) => arm.Seeds.Select(number).Average();

    private static double? Mean(IEnumerable<double> values) => values.Select(v => (double?)v).Average();
}
