using System.Globalization;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Runs;

namespace RewardKit.Cli.Commands;

/// <summary>A comparison of runs as text for a terminal.</summary>
internal static class CompareText
{
    /// <summary>A setting, and its value on each side; null where a side lacks it.</summary>
    public sealed record Setting(string Name, IReadOnlyList<string?> Values);

    /// <summary>All of it.</summary>
    public static string Of(IReadOnlyList<ComparedRuns> sides, RunComparison found)
    {
        var differ = Differing(sides);
        var text = RunsText.Table(
        [
            ["", .. sides.Select(side => side.Name)],
            ["state", .. sides.Select(side => string.Join(", ", side.Runs.Select(run => RunsText.Of(run.State)).Distinct()))],
            .. differ.Select(setting => (string[])[setting.Name, .. setting.Values.Select(value => value ?? RunsText.None)]),
            ["took", .. sides.Select(side => side.Runs is [var one] ? RunsText.Took(one) : $"{side.Runs.Count} runs")],
            .. sides.SelectMany(Metrics).Distinct().Select(metric =>
                (string[])[metric, .. sides.Select(side => Mean(side, metric) is { } mean ? RunsText.Number(mean) : RunsText.None)]),
        ]);
        if (differ.Count == 0) text += "\nThe settings are the same.\n";
        foreach (var metric in found.Comparisons.GroupBy(c => c.Metric))
        {
            text += $"\n{metric.Key}, the same {metric.First().Items} items\n" + RunsText.Table(
            [
                ["", "DIFFERENCE", "95 % INTERVAL", "P", "CORRECTED P", ""],
                .. metric.Select(c => (string[])
                [
                    $"{c.First} - {c.Second}", Findings.Number(c.Difference, true), Findings.Range(c.Interval, true), Findings.P(c.P), Findings.P(c.CorrectedP), Findings.Verdict(c),
                ]),
            ]);
        }
        return text + (found.Apart.Count > 0 ? $"\n{string.Join('\n', found.Apart)}\n" : "");
    }

    /// <summary>The settings in which sides differ, by name.</summary>
    public static IReadOnlyList<Setting> Differing(IReadOnlyList<ComparedRuns> sides)
    {
        // What differs between the seeds of an arm is the seed.
        var settings = sides.Select(side => (side, Run: side.Runs[0]))
            .Select(s => s.Run.About.Concat(RunSettings.Of(s.Run).Where(pair => s.side.Runs.Count == 1 || pair.Key != "seed"))
                .Append(new("experiment", s.Run.Experiment)).Append(new("arm", s.Run.Arm))
                .Concat(s.side.Runs.Count == 1 ? [] : [new("seeds", string.Join(", ", s.side.Runs.Select(run => run.Seed.ToString(CultureInfo.InvariantCulture))))])
                .ToDictionary()).ToArray();
        return
        [
            .. from name in settings.SelectMany(s => s.Keys).Distinct().Order(StringComparer.Ordinal)
               let values = settings.Select(s => s.GetValueOrDefault(name)).ToArray()
               where values.Distinct().Count() > 1
               select new Setting(name, values),
        ];
    }

    /// <summary>What a side was measured by.</summary>
    public static IEnumerable<string> Metrics(ComparedRuns side) => side.Runs.SelectMany(run => run.Metrics.Keys).Distinct();

    /// <summary>The mean over a side's seeds; null where it has no such measurement.</summary>
    public static double? Mean(ComparedRuns side, string metric) =>
        side.Runs.Where(run => run.Metrics.ContainsKey(metric)).Select(run => (double?)run.Metrics[metric]).Average();
}
