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
public sealed record Comparison(string Metric, string First, string Second, double Difference, Interval Interval, int Items)
{
    /// <summary>True where the interval leaves out zero.</summary>
    public bool Distinct => !Interval.Contains(0);
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

    /// <summary>The row of an arm and metric; null where that arm has none.</summary>
    public SummaryRow? Row(string arm, string metric) => Rows.FirstOrDefault(r => r.Arm == arm && r.Metric == metric);

    /// <summary>Takes an experiment's runs together.</summary>
    public static Summary Of(ExperimentResult result)
    {
        var metrics = result.Runs.Concat(result.Trivial).SelectMany(r => r.Measurements.Keys).Distinct().ToArray();
        var rows = new List<SummaryRow>();
        var comparisons = new List<Comparison>();
        foreach (var arm in result.Runs.GroupBy(r => r.Arm)) AddRows(arm, trivial: false);
        foreach (var arm in result.Trivial.GroupBy(r => r.Arm)) AddRows(arm, trivial: true);
        foreach (var metric in metrics)
        {
            var arms = result.Runs.GroupBy(r => r.Arm).Select(g => (Name: g.Key, Runs: Measured(g, metric))).ToArray();
            foreach (var (place, first) in arms.Index())
            {
                foreach (var second in arms.Skip(place + 1))
                    if (Compare(metric, first.Name, first.Runs, second.Name, second.Runs) is { } comparison) comparisons.Add(comparison);
            }
        }
        return new(metrics, rows, comparisons);

        void AddRows(IGrouping<string, RunResult> arm, bool trivial)
        {
            foreach (var metric in metrics)
                if (RowOf(arm.Key, metric, Measured(arm, metric), trivial) is { } row) rows.Add(row);
        }
    }

    private static Measurement[] Measured(IEnumerable<RunResult> runs, string metric) =>
        [.. runs.Where(r => r.Measurements.ContainsKey(metric)).Select(r => r.Measurements[metric])];

    private static SummaryRow? RowOf(string arm, string metric, Measurement[] runs, bool trivial)
    {
        if (runs.Length == 0) return null;
        double[] values = [.. runs.Select(r => r.Value)];
        var items = Statistics.PerItem(runs);
        return new(arm, metric, Statistics.Mean(values), Statistics.StandardDeviation(values), Statistics.OfRuns(runs), items?.Length,
            runs[0].Chance, trivial);
    }

    private static Comparison? Compare(string metric, string first, Measurement[] a, string second, Measurement[] b)
    {
        if (a.Concat(b).Any(m => m.Chance is null)) return null;
        if (Statistics.PerItem(a) is not { } x || Statistics.PerItem(b) is not { } y || x.Length != y.Length) return null;
        double[] difference = [.. x.Zip(y, (u, v) => u - v)];
        return Statistics.OfMean(difference) is { } interval
            ? new(metric, first, second, Statistics.Mean(difference), interval, x.Length)
            : null;
    }
}
