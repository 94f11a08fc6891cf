using System.Reflection;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// <c>report.html</c>: one file that opens offline in any browser. The page's skeleton, style and script are files under
/// <c>assets/</c>, kept as resources; the charts are drawn here, except for the training curves, which uPlot (MIT) draws.
/// </summary>
public static class ReportPage
{
    /// <summary>The page's text.</summary>
    /// <param name="result">The finished experiment.</param>
    public static string Write(ExperimentResult result)
    {
        var summary = Summary.Of(result);
        var curves = TrainingCurves.Data(result.Runs);
        return Fill(Asset("report.html"), new()
        {
            ["title"] = Html.Of($"{result.Spec.Name}"),
            ["style"] = new(Asset("uPlot.min.css") + "\n" + Asset("report.css")),
            ["lead"] = Lead(result, summary),
            ["accuracy"] = Html.Each(summary.Accuracies.Index(), m => Accuracy(result, summary, m.Item, m.Index > 0)),
            ["table"] = ResultTable.Draw(result, summary),
            ["curves"] = curves,
            ["histograms"] = Html.Each(Evaluators(result), e => Histograms(result, e)),
            ["pairs"] = Html.Each(Evaluators(result).Take(1), e => SamplePairs.Draw(result.Runs, e)),
            ["settings"] = SettingsTables.Draw(result),
            ["notes"] = Html.Each(result.Failures.Select(f => f.Message).Concat(result.Notes), n => Html.Of($"<li>{n}</li>")),
            ["licence"] = new(Asset("uPlot.LICENSE.txt")),
            ["uplot"] = new(Asset("uPlot.iife.min.js")),
            ["script"] = new(Asset("report.js")),
        });
    }

    private static Html Lead(ExperimentResult result, Summary summary)
    {
        var spec = result.Spec;
        var seeds = spec.Seeds.Count == 1 ? "one seed" : $"{spec.Seeds.Count} seeds";
        var arms = spec.Arms.Count == 1 ? "One arm" : $"{spec.Arms.Count} arms";
        var sentences = Html.Each(summary.Accuracies.Take(1), metric =>
        {
            var best = summary.Rows.Where(r => r.Metric == metric && !r.Trivial).MaxBy(r => r.Mean);
            if (best is null) return default;
            var range = best.Interval is { } i ? $" (95 % interval {Findings.Range(i, true)})" : "";
            return Html.Of($"Highest on {metric}: <b>{best.Arm}</b> with {Findings.Number(best.Mean, true)}{range}, over {best.Items} held-out pairs. {string.Join(' ', Findings.Of(summary, metric))}");
        });
        return Html.Of($"{arms} trained on {Path.GetFileName(spec.Train.Path)} with {seeds} each. {sentences} {Findings.Failed(result) ?? ""}");
    }

    // What the first chart says in words stands at the head of the page already.
    private static Html Accuracy(ExperimentResult result, Summary summary, string metric, bool inWords) => Html.Of($"""
        <h3>{metric}</h3>
        {AccuracyChart.Draw(result, summary, metric)}
        <p class="findings">{(inWords ? string.Join(' ', Findings.Of(summary, metric)) : "")}</p>

        """);

    private static IEnumerable<string> Evaluators(ExperimentResult result) => result.Runs
        .SelectMany(r => r.Samples).Where(s => s.Value.Count > 0).Select(s => s.Key).Distinct();

    private static Html Histograms(ExperimentResult result, string evaluator)
    {
        var arms = result.Runs.Where(r => r.Samples.ContainsKey(evaluator)).GroupBy(r => r.Arm)
            .Select(g => (Arm: g.Key, Margins: g.SelectMany(r => r.Samples[evaluator]).Select(s => s.Score.Margin).ToArray()))
            .Where(a => a.Margins.Length > 0);
        return Html.Of($"""<div class="grid">{Html.Each(arms, a => MarginHistogram.Draw(a.Arm, a.Margins))}</div>""");
    }

    private static string Fill(string template, Dictionary<string, Html> holes)
    {
        // One pass over the template: what fills a hole is never searched for holes itself.
        var parts = template.Split("{{");
        return parts[0] + string.Concat(parts.Skip(1).Select(part =>
        {
            var end = part.IndexOf("}}", StringComparison.Ordinal);
            return holes[part[..end]].Text + part[(end + 2)..];
        }));
    }

    private static string Asset(string name)
    {
        var assembly = Assembly.GetExecutingAssembly();
        using var stream = assembly.GetManifestResourceStream($"RewardKit.Hosting.Reports.assets.{name}")
            ?? throw new InvalidOperationException($"The resource {name} is not in {assembly.GetName().Name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
