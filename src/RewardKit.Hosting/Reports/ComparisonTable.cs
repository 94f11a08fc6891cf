using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>Each two arms on one metric: difference, interval, p value, the same corrected, and what that says.</summary>
internal static class ComparisonTable
{
    private const int MostOpen = 10;

    public static Html Draw(Summary summary, string metric)
    {
        var comparisons = summary.Comparisons.Where(c => c.Metric == metric).ToArray();
        if (comparisons.Length == 0) return default;
        var corrected = comparisons.Length > 1;
        var table = Html.Of($"""
            <div class="scroll"><table><thead><tr><th>arms</th><th>verdict</th><th>difference</th><th>95 % interval</th><th>p</th>{(corrected ? Html.Of($"<th>corrected p</th>") : default)}</tr></thead><tbody>
            {Html.Each(comparisons, c => Html.Of($"""<tr><td>{c.First} − {c.Second}</td><td class="name{(c.Distinct ? " right" : "")}">{Findings.Verdict(c)}</td><td>{c.Difference * 100:+0.0;−0.0;0.0} points</td><td>{Points(c.Interval)}</td><td>{Findings.P(c.P)}</td>{(corrected ? Html.Of($"<td>{Findings.P(c.CorrectedP)}</td>") : default)}</tr>"""))}
            </tbody></table></div>
            """);
        return comparisons.Length <= MostOpen ? table
            : Html.Of($"<details><summary>All {comparisons.Length} comparisons of two arms</summary>{table}</details>");
    }

    /// <summary>An interval of differences of shares, in points.</summary>
    public static string Points(Interval interval) => FormattableString.Invariant($"{100 * interval.Low:+0.0;−0.0;0.0} to {100 * interval.High:+0.0;−0.0;0.0}");
}
