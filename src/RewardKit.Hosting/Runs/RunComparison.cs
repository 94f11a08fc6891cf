using System.Text.RegularExpressions;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Runs;

/// <summary>Runs that stand in a comparison as one: a run, or an arm's runs under its seeds.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Runs">The runs.</param>
public sealed record ComparedRuns(string Name, IReadOnlyList<RunRow> Runs);

/// <summary>Runs compared item by item, as the arms of an experiment are, wherever they were run.</summary>
/// <param name="Rows">Each side on each metric that has items; trivial baselines have no part in it.</param>
/// <param name="Comparisons">Each two sides on each metric with a chance level, if both were judged alike on the same items.</param>
/// <param name="Apart">What could not be compared, in sentences.</param>
public sealed partial record RunComparison(IReadOnlyList<SummaryRow> Rows, IReadOnlyList<Comparison> Comparisons, IReadOnlyList<string> Apart)
{
    /// <summary>Compares.</summary>
    /// <param name="sides">The sides, each under a name of its own.</param>
    public static RunComparison Of(IReadOnlyList<ComparedRuns> sides)
    {
        var (rows, comparisons, apart) = (new List<SummaryRow>(), new List<Comparison>(), new List<string>());
        var found = sides.SelectMany(side => side.Runs.Select(run => RunStore.Read(side.Name, run.Seed, run.Folder))).OfType<StoredRun>().ToArray();
        foreach (var evaluator in found.SelectMany(f => f.Run.Measurements.Keys.Select(m => m.Split('/')[0])).Distinct())
        {
            // Of an arm whose seeds were judged in two ways only the first way counts.
            var judged = found.Select(f => (Stored: f, How: How(f, evaluator))).Where(j => j.How is not null)
                .GroupBy(j => j.Stored.Run.Arm).Select(arm => (arm.First().How, Runs: arm.Where(j => j.How == arm.First().How).Select(j => Only(j.Stored.Run, evaluator)).ToArray()));
            var alike = judged.GroupBy(arm => arm.How).ToArray();
            foreach (var group in alike)
            {
                var summary = Summary.Of(new Together([.. group.SelectMany(arm => arm.Runs)]));
                rows.AddRange(summary.Rows);
                comparisons.AddRange(summary.Comparisons);
            }
            if (alike.Length > 1)
                apart.Add($"Not judged alike by {evaluator}, with other pairs or options: {string.Join("; ", alike.Select(group => string.Join(", ", group.Select(arm => arm.Runs[0].Arm))))}.");
        }
        return new(rows, comparisons, apart);
    }

    private static RunResult Only(RunResult run, string evaluator) => run with
    {
        Measurements = run.Measurements.Where(m => m.Key.StartsWith(evaluator + "/", StringComparison.Ordinal)).ToDictionary(),
    };

    // The evaluator's options and its pairs; another build of it looks at the same ones. Null where it took no part.
    private static string? How(StoredRun stored, string label)
    {
        var time = 0;
        for (var place = 1; stored.EvaluationParts.TryGetValue($"evaluator {place}", out var evaluator); place++)
        {
            var method = Method().Match(evaluator);
            var id = method.Groups["id"].Value;
            // The same evaluator a second time has a number behind its name.
            if (id == label.Split('#')[0] && (++time == 1 ? id : $"{id}#{time}") == label)
                return $"{id} {method.Groups["options"].Value} {stored.EvaluationParts.GetValueOrDefault($"pairs {place}")}";
        }
        return null;
    }

    [GeneratedRegex("^(?<id>\\S+) \\S+ (?<options>.*)$", RegexOptions.Singleline)]
    private static partial Regex Method();

    private sealed record Together(IReadOnlyList<RunResult> Runs)
        : ReportContent(Runs, [], new Dictionary<string, string>(), [])
    {
        public override ExperimentOutline Outline => throw new NotSupportedException("Runs of several experiments have no outline.");
    }
}
