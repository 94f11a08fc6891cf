namespace RewardKit.Hosting.Experiments;

/// <summary>
/// The held-out preferences of one evaluator with the rewards that one arm gave them, a list a seed, in the same order
/// for all. Ties are left out: they have no right order.
/// </summary>
/// <param name="Evaluator">The evaluator's label.</param>
/// <param name="Arm">The arm.</param>
/// <param name="Place">The arm's place in the experiment, from 0; it decides the arm's colour.</param>
/// <param name="Pairs">The pairs.</param>
/// <param name="Seeds">The rewards under each seed, as many as there are pairs.</param>
internal sealed record ArmSamples(
    string Evaluator, string Arm, int Place, IReadOnlyList<PreferenceExample> Pairs, IReadOnlyList<PairScore[]> Seeds)
{
    /// <summary>Each pair's rewards, meaned over the seeds.</summary>
    public PairScore[] Means { get; } =
        [.. Pairs.Select((_, i) => new PairScore(Seeds.Average(s => s[i].Chosen), Seeds.Average(s => s[i].Rejected)))];

    /// <summary>
    /// Each pair's margin in standard deviations of its run's margins, meaned over the seeds: arms have different scales.
    /// </summary>
    public double[] ScaledMargins()
    {
        double[] scales = [.. Seeds.Select(s => Statistics.StandardDeviation([.. s.Select(x => x.Margin)]) is { } d and > 0 ? d : 1)];
        return [.. Pairs.Select((_, i) => Seeds.Select((s, seed) => s[i].Margin / scales[seed]).Average())];
    }

    /// <summary>
    /// All arms that leave samples, by evaluator and then in the experiment's order. A run whose rewards are not all
    /// finite, or that looked at other pairs than the first, is left out.
    /// </summary>
    public static IReadOnlyList<ArmSamples> Of(ReportContent result)
    {
        var arms = result.Outline.Arms.ToList();
        var all = new List<ArmSamples>();
        foreach (var evaluator in result.Runs.SelectMany(r => r.Samples.Keys).Distinct())
        {
            var runs = result.Runs.Where(r => r.Samples.ContainsKey(evaluator))
                .Select(r => (r.Arm, Samples: r.Samples[evaluator].Where(s => s.Example.Relation == Relation.Preferred).ToArray()))
                .Where(r => r.Samples.Length > 0 && IsFinite(r.Samples)).ToArray();
            if (runs.Length == 0) continue;
            PreferenceExample[] pairs = [.. runs[0].Samples.Select(s => s.Example)];
            foreach (var arm in runs.Where(r => r.Samples.Select(s => s.Example.Id).SequenceEqual(pairs.Select(p => p.Id))).GroupBy(r => r.Arm))
                all.Add(new(evaluator, arm.Key, arms.IndexOf(arm.Key), pairs, [.. arm.Select(r => r.Samples.Select(s => s.Score).ToArray())]));
        }
        return all;
    }

    /// <summary>Which runs are left out for rewards that are not finite, in sentences.</summary>
    public static IEnumerable<string> LeftOut(ReportContent result) => result.Runs.Where(r => !r.Samples.Values.All(IsFinite))
        .Select(r => $"{r.Arm}, seed {r.Seed}, has rewards that are no finite numbers; calibration, length, margins and pairs leave it out.");

    private static bool IsFinite(IEnumerable<EvaluationSample> samples) =>
        samples.All(s => double.IsFinite(s.Score.Chosen) && double.IsFinite(s.Score.Rejected));
}
