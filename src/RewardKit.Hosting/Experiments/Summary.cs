namespace RewardKit.Hosting.Experiments;

/// <summary>One arm's runs on one metric, taken together.</summary>
/// <param name="Arm">The arm or trivial baseline.</param>
/// <param name="Metric"><c>evaluator/metric</c>.</param>
/// <param name="Mean">The mean over seeds.</param>
/// <param name="Deviation">The standard deviation over seeds; null for fewer than two.</param>
/// <param name="Interval">The 95 % interval over items (see <see cref="Statistics"/>); null for a number that is no mean over items.</param>
/// <param name="Items">How many items the metric was taken on; null where it is no mean over items.</param>
/// <param name="Chance">What guessing would reach; null where there is no such value.</param>
/// <param name="Trivial">Whether this is a trivial baseline.</param>
public sealed record SummaryRow(
    string Arm, string Metric, double Mean, double? Deviation, Interval? Interval, int? Items, double? Chance, bool Trivial)
{
    /// <summary>Whether the whole interval lies above chance; null where there is no chance or no interval.</summary>
    public bool? AboveChance => Chance is { } chance && Interval is { } interval ? interval.Low > chance : null;
}

/// <summary>Two arms on the same items of one metric.</summary>
/// <param name="Metric"><c>evaluator/metric</c>.</param>
/// <param name="First">The arm that stands first in the script.</param>
/// <param name="Second">The other.</param>
/// <param name="Difference">First minus second, mean over items.</param>
/// <param name="Interval">Its 95 % interval, paired by item.</param>
/// <param name="Items">How many items.</param>
/// <param name="P">The two-sided p value of the sign-flip test, paired by item.</param>
/// <param name="CorrectedP">The same after Holm's correction over all pairs of arms of the metric.</param>
public sealed record Comparison(
    string Metric, string First, string Second, double Difference, Interval Interval, int Items, double P, double CorrectedP)
{
    /// <summary>The same with the second arm first.</summary>
    public Comparison Reversed => this with { First = Second, Second = First, Difference = -Difference, Interval = new(-Interval.High, -Interval.Low) };

    /// <summary>The level below which a corrected p value tells two arms apart.</summary>
    public const double Level = 0.05;

    /// <summary>Whether the two arms are told apart, by the corrected p value.</summary>
    public bool Distinct => CorrectedP < Level;

    /// <summary>Whether they would be told apart if no other arms were there.</summary>
    public bool LostToCorrection => P < Level && !Distinct;
}

/// <summary>An experiment's results arm by arm: what the table, <c>results.json</c> and the report show.</summary>
public sealed class Summary
{
    private Summary(IReadOnlyList<string> metrics, IReadOnlyList<SummaryRow> rows, IReadOnlyList<Comparison> comparisons) =>
        (Metrics, Rows, Comparisons) = (metrics, rows, comparisons);

    /// <summary>The metrics as <c>evaluator/metric</c>, in the evaluators' order.</summary>
    public IReadOnlyList<string> Metrics { get; }

    /// <summary>The arms, then the trivial baselines; metrics in order within each.</summary>
    public IReadOnlyList<SummaryRow> Rows { get; }

    /// <summary>Each two arms (trivial baselines left out) on each metric that has items and a chance level.</summary>
    public IReadOnlyList<Comparison> Comparisons { get; }

    /// <summary>The metrics that can be compared with guessing, accuracy for one: those that the table and the charts show first.</summary>
    public IReadOnlyList<string> Accuracies => [.. Metrics.Where(m => Rows.Any(r => r.Metric == m && r.Chance is not null))];

    /// <summary>
    /// Whether a metric is of a part, as <c>reward-bench/subset.donotanswer</c>: its name in the evaluator has a dot. Benchmarks
    /// have dozens of these; they stand behind what the benchmark says as a whole.
    /// </summary>
    /// <param name="metric">The metric, <c>evaluator/metric</c>.</param>
    public static bool IsPart(string metric) => metric[(metric.IndexOf('/', StringComparison.Ordinal) + 1)..].Contains('.', StringComparison.Ordinal);

    /// <summary>The row of an arm and metric; null where that arm has none.</summary>
    public SummaryRow? Row(string arm, string metric) => Rows.FirstOrDefault(r => r.Arm == arm && r.Metric == metric);

    /// <summary>Takes an experiment's runs together.</summary>
    public static Summary Of(ReportContent result)
    {
        var metrics = result.Runs.Concat(result.Trivial).SelectMany(r => r.Measurements.Keys).Distinct().ToArray();
        var arms = result.Runs.GroupBy(r => r.Arm).Select(g => (g.Key, Runs: g.ToArray(), Trivial: false))
            .Concat(result.Trivial.GroupBy(r => r.Arm).Select(g => (g.Key, Runs: g.ToArray(), Trivial: true))).ToArray();
        var rows = new List<SummaryRow>();
        var comparisons = new List<Comparison>();
        foreach (var metric in metrics)
        {
            var measured = arms.Select(a => new ArmItems(a.Key, a.Trivial, metric, a.Runs)).Where(a => a.Runs.Length > 0).ToArray();
            // Arms that were judged on as many items were judged on the same ones: the evaluators have the same pairs and seed.
            Comparison[] compared = [.. measured.Where(a => a.CanBeDrawn).GroupBy(a => a.Items!.Length).SelectMany(same => Fill([.. same]))];
            var corrected = Statistics.Holm([.. compared.Select(c => c.P)]);
            comparisons.AddRange(compared.Select((c, i) => c with { CorrectedP = corrected[i] }));
            rows.AddRange(measured.Select(a => a.Row()));
        }
        // Arm by arm, as a reader asks for them.
        return new(metrics, [.. arms.SelectMany(a => rows.Where(r => r.Arm == a.Key && r.Trivial == a.Trivial))], comparisons);
    }

    // The intervals of arms that looked at the same items, and their comparisons, not corrected yet.
    private static Comparison[] Fill(ArmItems[] arms)
    {
        var draws = new Resampling([.. arms.Select(a => a.Items!)]);
        foreach (var (place, arm) in arms.Index()) arm.Interval = draws.Mean(place);
        var pairs =
            from first in arms.Index()
            from second in arms.Index()
            where first.Index < second.Index && first.Item.CanBeCompared && second.Item.CanBeCompared
            select (First: first, Second: second);
        return [.. pairs.ToArray().AsParallel().AsOrdered().Select(pair =>
        {
            var ((i, first), (j, second)) = pair;
            var p = draws.PValue(i, j);
            return new Comparison(first.Metric, first.Arm, second.Arm, first.Mean - second.Mean, draws.Difference(i, j), first.Items!.Length, p, p);
        })];
    }

    private sealed class ArmItems
    {
        public ArmItems(string arm, bool trivial, string metric, RunResult[] runs)
        {
            (Arm, Trivial, Metric) = (arm, trivial, metric);
            Runs = [.. runs.Where(r => r.Measurements.ContainsKey(metric)).Select(r => r.Measurements[metric])];
            Items = Statistics.PerItem(Runs);
        }

        public string Arm { get; }
        public bool Trivial { get; }
        public string Metric { get; }
        public Measurement[] Runs { get; }
        public double[]? Items { get; }
        public Interval? Interval { get; set; }
        public double Mean => Statistics.Mean([.. Runs.Select(r => r.Value)]);
        public bool CanBeDrawn => Items is { Length: > 1 } && Items.All(double.IsFinite);
        public bool CanBeCompared => !Trivial && Runs.All(r => r.Chance is not null);

        public SummaryRow Row() => new(
            Arm, Metric, Mean, Statistics.StandardDeviation([.. Runs.Select(r => r.Value)]), Certain() ?? Interval, Items?.Length,
            Runs[0].Chance, Trivial);

        // Where all items agree, as in a share of 100 %, they have no spread to tell from, and a share has Wilson's interval.
        private Interval? Certain() => Items is { Length: > 0 } items && Runs.All(Statistics.IsShare) && items.Max() - items.Min() < 1e-9
            ? Statistics.Wilson(items[0], items.Length)
            : null;
    }
}
