using System.Globalization;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>What was run, and on what: enough to run it again.</summary>
internal static class SettingsTables
{
    public static Html Draw(ReportContent result) => Html.Each(
        result.Outline.Settings.Append(new("Augmentation", [.. Augmentation(result)])).Append(new("Environment", [.. result.Environment.Select(e => new Fact(e.Key, e.Value))])),
        Table);

    private static IEnumerable<Fact> Augmentation(ReportContent result) =>
        from run in result.Runs
        let counts = run.Counts.Select(c => new Fact(c.Key, c.Value.ToString(CultureInfo.InvariantCulture)))
        let measures = run.Measures.Select(m => new Fact(m.Key, m.Value.ToString("0.####", CultureInfo.InvariantCulture)))
        from fact in counts.Concat(measures)
        select new Fact($"{run.Arm}, seed {run.Seed}: {fact.Name}", fact.Value);

    private static Html Table(FactTable table) => table.Rows.Count == 0 ? default : Html.Of($"""
        <section><h3>{table.Title}</h3><table class="facts">{Html.Each(table.Rows, r => Html.Of($"<tr><th>{r.Name}</th><td>{r.Value}</td></tr>"))}</table></section>

        """);
}
