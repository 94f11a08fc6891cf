using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// <c>report.html</c>: one file that opens offline in any browser. What has axes in both directions is drawn in the browser, the
/// rest here.
/// </summary>
public static class ReportPage
{
    /// <summary>The page's text.</summary>
    /// <param name="result">The finished experiment.</param>
    public static string Write(ReportContent result)
    {
        var summary = Summary.Of(result);
        var evaluators = ArmSamples.Of(result).GroupBy(a => a.Evaluator).Select(g => (Evaluator: g.Key, Arms: g.ToArray())).ToArray();
        var data = new
        {
            arms = result.Outline.Arms,
            curves = TrainingCurves.Data(result),
            calibration = evaluators.Select(e => CalibrationSection.Data(e.Arms)),
            length = evaluators.Select(e => LengthSection.Data(e.Arms)),
            sweep = SweepSection.Data(result, summary),
        };
        var uncertain = evaluators.Any(e => UncertaintySection.Table(e.Arms).Text is { Length: > 0 });
        string[] scripts = ["charts.js", "plot.js", "curves.js", "sweep.js", "calibration.js", "length.js"];
        return PageFrame.Write("report.html", result.Outline.Name, data, scripts, kind: evaluators.Length > 0 ? "" : "no-samples", holes: new()
        {
            ["lead"] = Lead(result, summary),
            ["accuracy"] = Accuracies(result, summary),
            ["sweep"] = SweepSection.Draw(result, summary),
            ["table"] = ResultTable.Draw(result, summary),
            ["calibration"] = Each((e, place) => Html.Of($"""<div class="grid small" data-calibration="{place}"></div>{CalibrationSection.Table(e.Arms)}""")),
            ["uncertainty"] = uncertain ? Uncertainty() : default,
            ["to-uncertainty"] = uncertain ? Html.Of($"""<a href="#uncertainty">Disagreement</a>""") : default,
            ["length"] = Each((e, place) => Html.Of($"""<div class="grid small" data-length="{place}"></div>{LengthSection.Table(e.Arms)}""")),
            ["histograms"] = Each((e, _) => Html.Of($"""<div class="grid small">{Html.Each(e.Arms, MarginHistogram.Draw)}</div>""")),
            ["disagreements"] = evaluators.Any(e => e.Arms.Length > 1)
                ? Html.Of($"<h3>Where two arms disagree</h3>{Each((e, _) => Disagreements.Draw(e.Arms))}") : default,
            ["pairs"] = Each((e, _) => SamplePairs.Draw(e.Arms)),
            ["decisions"] = DecisionsSection.Draw(result),
            ["settings"] = SettingsTables.Draw(result),
            ["notes"] = Html.Each(result.Failures.Select(f => f.Message).Concat(result.Notes).Concat(ArmSamples.LeftOut(result)), n => Html.Of($"<li>{n}</li>")),
        });

        Html Uncertainty() => Html.Of($"""
            <section class="of-samples" id="uncertainty">
            <h2>Disagreement and error</h2>
            {Each((e, _) => UncertaintySection.Table(e.Arms))}
            <p class="footnote">Of arms that score as ensembles: accuracy on the held-out pairs in fifths by how far the members' margins lie apart (their standard deviation, spread: its mean), with Wilson's 95&nbsp;% interval, each pair counted once. AUROC: the probability that a pair that the arm gets wrong has the higher disagreement than one that it gets right; 0.5 tells nothing.</p>
            </section>
            """);

        // Under its name where there are several.
        Html Each(Func<(string Evaluator, ArmSamples[] Arms), int, Html> piece) => Html.Each(evaluators.Index(), e =>
            Html.Of($"{(evaluators.Length > 1 ? Html.Of($"<h3>{e.Item.Evaluator}</h3>") : default)}{piece(e.Item, e.Index)}"));
    }

    private static Html Lead(ReportContent result, Summary summary)
    {
        var outline = result.Outline;
        var seeds = outline.Seeds.Count == 1 ? "one seed" : $"{outline.Seeds.Count} seeds";
        var arms = outline.Arms.Count == 1 ? "One arm" : $"{outline.Arms.Count} arms";
        var trained = result.Runs.Where(r => r.Log is not null).Select(r => r.Arm).Distinct().Count();
        var untrained = result.Runs.Any(r => r.Log is null) ? $", {trained} of them" : "";
        var sentences = Html.Each(summary.Accuracies.Take(1), metric =>
        {
            var best = summary.Rows.Where(r => r.Metric == metric && !r.Trivial).MaxBy(r => r.Mean);
            if (best is null) return default;
            var range = best.Interval is { } i ? $" (95 % interval {Findings.Range(i, true)})" : "";
            return Html.Of($"Highest on {metric}: <b>{best.Arm}</b> with {Findings.Number(best.Mean, true)}{range}, over {best.Items} held-out pairs. {string.Join(' ', Findings.Of(summary, metric))}");
        });
        var lead = Html.Of($"{arms}{(trained > 0 ? untrained : "")} {(outline.TrainedOn == "" ? "that train nothing." : $"trained on {outline.TrainedOn} with {seeds} each.")} {sentences} {Findings.Failed(result) ?? ""}");
        // A number and its sign stay in one line.
        return new(lead.Text.Replace(" %", "&nbsp;%", StringComparison.Ordinal));
    }

    // What is of a part stands folded below what its evaluator says as a whole.
    private static Html Accuracies(ReportContent result, Summary summary)
    {
        var first = summary.Accuracies.FirstOrDefault();
        return Html.Each(summary.Accuracies.GroupBy(m => m.Split('/')[0]), evaluator =>
        {
            string[] parts = [.. evaluator.Where(Summary.IsPart)];
            var folded = parts.Length == 0 ? default
                : Html.Of($"<details><summary>{evaluator.Key} by part: {parts.Length} more</summary>{Html.Each(parts, Draw)}</details>");
            return Html.Of($"{Html.Each(evaluator.Except(parts), Draw)}{folded}");
        });

        Html Draw(string metric) => Accuracy(result, summary, metric, metric != first);
    }

    // What the first chart says in words stands at the head of the page already.
    private static Html Accuracy(ReportContent result, Summary summary, string metric, bool inWords) => Html.Of($"""
        <h3>{metric}</h3>
        {AccuracyChart.Draw(result, summary, metric)}
        {ComparisonTable.Draw(summary, metric)}
        <p class="findings">{(inWords ? string.Join(' ', Findings.Of(summary, metric)) : "")}</p>

        """);
}
