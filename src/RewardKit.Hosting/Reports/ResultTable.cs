using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>Every metric of every arm in figures: mean, interval, deviation over seeds, and each seed's value.</summary>
internal static class ResultTable
{
    public static Html Draw(ReportContent result, Summary summary) => Html.Of($"""
        <div class="scroll"><table><thead><tr><th>metric</th><th>arm</th><th>mean</th><th>95 % interval</th><th>n</th><th>stdev over seeds</th>{Html.Each(result.Outline.Seeds, s => Html.Of($"<th>seed {s}</th>"))}</tr></thead><tbody>
        {Html.Each(summary.Metrics, m => Html.Each(summary.Rows.Where(r => r.Metric == m), r => Row(result, r)))}</tbody></table></div>
        """);

    private static Html Row(ReportContent result, SummaryRow row)
    {
        var share = row.Chance is not null;
        var seeds = Html.Each(result.Outline.Seeds, seed =>
        {
            var run = result.Runs.FirstOrDefault(r => r.Arm == row.Arm && r.Seed == seed);
            return run is not null && run.Measurements.TryGetValue(row.Metric, out var m)
                ? Html.Of($"<td>{Findings.Number(m.Value, share)}</td>") : Html.Of($"<td></td>");
        });
        return Html.Of($"""
            <tr class="{(row.Trivial ? "trivial" : "arm")}"><td>{row.Metric}</td><td class="name">{row.Arm}</td><td>{Findings.Number(row.Mean, share)}</td><td>{(row.Interval is { } i ? Findings.Range(i, share) : "")}</td><td>{row.Items}</td><td>{(row.Deviation is { } d ? Findings.Number(d, share) : "")}</td>{seeds}</tr>

            """);
    }
}
