using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// Dots and whiskers, a row an arm: the mean over seeds with its interval, below it each seed with its own; a dashed line
/// at chance; the trivial baselines under a rule. Each row draws in per cent of its own width, so that the chart fits a
/// phone and text keeps its size.
/// </summary>
internal static class AccuracyChart
{
    public static Html Draw(ReportContent result, Summary summary, string metric)
    {
        var rows = summary.Rows.Where(r => r.Metric == metric).ToArray();
        var axis = Axis.Over(
            [
                .. rows.SelectMany(r => new[] { r.Mean, r.Interval?.Low ?? r.Mean, r.Interval?.High ?? r.Mean, r.Chance ?? r.Mean }),
                .. Seeds(result.Runs).SelectMany(s => s.Interval is { } i ? new[] { i.Low, i.High } : [s.Value]),
            ]);
        var places = result.Outline.Arms.ToList();
        var chance = rows.Select(r => r.Chance).FirstOrDefault(c => c is not null);
        return Html.Of($"""
            <div class="dots" role="img" aria-label="{metric}: mean and 95 % interval of each arm">
            {Html.Each(rows.Where(r => !r.Trivial), r => Row("arm", Colour.Of(places.IndexOf(r.Arm)), r, [.. Seeds(result.Runs.Where(x => x.Arm == r.Arm))], axis, chance))}
            {Html.Each(rows.Where(r => r.Trivial).Index(), r => Row(r.Index == 0 ? "trivial first" : "trivial", default, r.Item, [], axis, chance))}
            <div class="row"><span></span><svg class="axis" height="20">{Html.Each(axis.Ticks, t => Html.Of(
                $"""<text x="{axis.At(t):0.##}%" y="14">{100 * t:0} %</text>"""))}</svg><span></span></div>
            </div>
            """);

        IEnumerable<(double Value, Interval? Interval, int? Seed)> Seeds(IEnumerable<RunResult> runs) => runs
            .Where(r => r.Measurements.ContainsKey(metric))
            .Select(r => (r.Measurements[metric].Value, Statistics.OfRun(r.Measurements[metric]), r.Seed));
    }

    private static Html Row(string kind, Html style, SummaryRow row, (double Value, Interval? Interval, int? Seed)[] seeds, Axis axis, double? chance)
    {
        // One seed is its own mean.
        if (seeds.Length == 1) seeds = [];
        var height = 30 + 12 * seeds.Length;
        var marks = Html.Of($"{Whisker("mean", row.Mean, row.Interval, 16, 5)}{Html.Each(seeds.Index(), s =>
            Whisker("seed", s.Item.Value, s.Item.Interval, 32 + 12 * s.Index, 3, $"seed {s.Item.Seed}"))}");
        var line = chance is { } c ? Line("chance", c) : default;
        return Html.Of($"""
            <div class="row {kind}"{style}><span class="label">{row.Arm}</span><svg height="{height}">{Html.Each(axis.Ticks, t => Line("tick", t))}{line}{marks}</svg><span class="value"><b>{Findings.Number(row.Mean, true)}</b> <small>{(row.Interval is { } i ? Findings.Range(i, true) : "")}</small></span></div>

            """);

        Html Line(string name, double at) => Html.Of(
            $"""<line class="{name}" x1="{axis.At(at):0.##}%" x2="{axis.At(at):0.##}%" y1="0" y2="{height}"/>""");

        Html Whisker(string size, double value, Interval? interval, int y, int radius, string? name = null)
        {
            var about = $"{name ?? row.Arm}: {Findings.Number(value, true)}" + (interval is { } r ? $" ({Findings.Range(r, true)})" : "");
            var whisker = interval is { } w
                ? Html.Of($"""<line x1="{axis.At(w.Low):0.##}%" x2="{axis.At(w.High):0.##}%" y1="{y}" y2="{y}"/>""")
                : default;
            return Html.Of($"""<g class="{size}"><title>{about}</title>{whisker}<circle cx="{axis.At(value):0.##}%" cy="{y}" r="{radius}"/></g>""");
        }
    }

    /// <summary>A scale of shares, from a round number to a round number.</summary>
    private sealed record Axis(double Low, double High, double Step)
    {
        public static Axis Over(double[] values)
        {
            double low = values.Min() - 0.01, high = values.Max() + 0.01;
            var step = high - low > 0.45 ? 0.2 : high - low > 0.2 ? 0.1 : 0.05;
            return new(Math.Max(0, Math.Floor(low / step) * step), Math.Min(1, Math.Ceiling(high / step) * step), step);
        }

        public IEnumerable<double> Ticks => Enumerable.Range(0, (int)Math.Round((High - Low) / Step) + 1).Select(i => Low + i * Step);

        // The outer tenth stays free for the ticks' labels.
        public double At(double value) => 5 + 90 * (value - Low) / (High - Low);
    }
}
