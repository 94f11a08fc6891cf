using System.Text.Json;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>The arms of a sweep, the best first, and the metric against each number that was varied.</summary>
internal static class SweepSection
{
    /// <summary>The section; nothing where no arm belongs to a sweep, or nothing was measured that has a chance level.</summary>
    public static Html Draw(ReportContent result, Summary summary)
    {
        var rows = Rows(result, summary);
        if (rows.Length == 0) return default;
        var metric = rows[0].Row.Metric;
        string[] names = Names(rows);
        return Html.Of($"""
            <section id="sweep">
            <h2>Sweep</h2>
            <div class="grid small" id="sweep-plots"></div>
            <div class="scroll"><table><thead><tr><th>arm</th>{Html.Each(names, n => Html.Of($"<th>{n}</th>"))}<th>{metric}</th><th>95 % interval</th></tr></thead><tbody>
            {Html.Each(rows, r => Html.Of($"""<tr><td><span class="swatch"{Colour.Of(r.Place)}>{r.Arm.Arm}</span></td>{Html.Each(names, n => Html.Of($"<td>{Value(r.Arm, n)}</td>"))}<td>{Findings.Number(r.Row.Mean, true)}</td><td>{(r.Row.Interval is { } i ? Findings.Range(i, true) : "")}</td></tr>"""))}
            </tbody></table></div>
            <p class="footnote">The best first, by {metric}{(result.Outline.JudgedOn.GetValueOrDefault(metric.Split('/')[0]) is { } pairs ? Html.Of($" on {pairs}") : default)}. The highest of {rows.Length} figures is partly luck: what the arm that it belongs to is worth, other pairs must show.</p>
            </section>
            """);
    }

    /// <summary>What the charts draw: a plot for each number that was varied.</summary>
    public static IEnumerable<object> Data(ReportContent result, Summary summary)
    {
        var rows = Rows(result, summary);
        return
            from name in Names(rows)
            let points = rows.Where(r => r.Arm.Values.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Number).ToArray()
            where points.Select(r => Number(r.Arm, name)).Distinct().Count() > 1
            select new
            {
                title = name,
                x = name,
                y = rows[0].Row.Metric,
                percent = true,
                series = points.Select(r => new
                {
                    name = r.Arm.Arm,
                    ink = r.Place,
                    points = new[] { new double?[] { Number(r.Arm, name), r.Row.Mean, r.Row.Interval?.Low, r.Row.Interval?.High } },
                }),
            };
    }

    private static (SweptArm Arm, int Place, SummaryRow Row)[] Rows(ReportContent result, Summary summary) => summary.Accuracies.Count == 0 ? [] :
    [
        .. from arm in result.Outline.Sweep
           let row = summary.Row(arm.Arm, summary.Accuracies[0])
           where row is not null
           orderby row.Mean descending
           select (arm, result.Outline.Arms.ToList().IndexOf(arm.Arm), row),
    ];

    private static string[] Names((SweptArm Arm, int Place, SummaryRow Row)[] rows) => [.. rows.SelectMany(r => r.Arm.Values.Select(v => v.Key)).Distinct()];

    private static double Number(SweptArm arm, string name) => arm.Values[name].GetDouble();

    private static string Value(SweptArm arm, string name) => arm.Values.TryGetValue(name, out var value) ? value.ToString() : "";
}
