using RewardKit.Training.Data;

namespace RewardKit.Hosting.Experiments;

/// <summary>An experiment's pairs, each file read once, and what the reader of the results should know of them.</summary>
internal sealed class ExperimentData
{
    private const int RecordsNamed = 8;
    private readonly Dictionary<PairData, LoadedPairs> _loaded = [];

    public ExperimentData(ExperimentSpec spec)
    {
        Train = Load(spec.Train);
        Validation = spec.Validation is { } held ? Load(held) : null;
        var evaluations = new List<(string, EvaluationSpec, IReadOnlyList<PreferenceExample>)>();
        var times = new Dictionary<string, int>();
        foreach (var evaluation in spec.Evaluations)
        {
            // The same evaluator a second time, on other pairs or with other options, is told apart by a number.
            var id = evaluation.Evaluator.Id;
            var time = times[id] = times.GetValueOrDefault(id) + 1;
            evaluations.Add((time == 1 ? id : $"{id}#{time}", evaluation, evaluation.Pairs is { } pairs ? Load(pairs).Examples : []));
        }
        Evaluations = evaluations;
    }

    /// <summary>The training pairs.</summary>
    public LoadedPairs Train { get; }

    /// <summary>The pairs to try models on while they are trained; null where there are none.</summary>
    public LoadedPairs? Validation { get; }

    /// <summary>Each evaluator under its label, with its pairs.</summary>
    public IReadOnlyList<(string Label, EvaluationSpec Spec, IReadOnlyList<PreferenceExample> Pairs)> Evaluations { get; }

    /// <summary>Skipped and truncated records, in sentences.</summary>
    public IReadOnlyList<string> Notes(IReadOnlyList<RunResult> runs)
    {
        var notes = new List<string>();
        foreach (var (data, pairs) in _loaded)
        {
            var skipped = pairs.Skipped.Sum(s => s.Records.Count);
            var reasons = string.Join("; ", pairs.Skipped.Select(s => $"{s.Reason}: {Records(s.Records)}"));
            notes.Add($"{ShortPath(data.Path)}{Part(data)}: {pairs.Examples.Count} pairs"
                + (skipped > 0 ? $", {skipped} {(skipped == 1 ? "record" : "records")} skipped ({reasons})." : "."));
        }
        foreach (var arm in runs.Where(r => r.Log is { } log && log.TruncatedPrompts + log.TruncatedResponses > 0).GroupBy(r => r.Arm))
        {
            var most = arm.Select(r => r.Log!).MaxBy(l => l.TruncatedPrompts + l.TruncatedResponses)!;
            notes.Add($"{arm.Key}: {most.TruncatedPrompts} training prompts cut on the left and {most.TruncatedResponses} responses on the right to fit the model's limits.");
        }
        return notes;
    }

    private LoadedPairs Load(PairData data)
    {
        if (!_loaded.TryGetValue(data, out var pairs)) _loaded.Add(data, pairs = PairFiles.Load(data));
        return pairs;
    }

    // The folder tells files apart that have the same name, as train.jsonl.gz.
    private static string ShortPath(string path) =>
        Path.Combine(Path.GetFileName(Path.GetDirectoryName(path)) ?? "", Path.GetFileName(path));

    private static string Part(PairData data) => data.Reading?.Part is { } part ? $" ({(part.First ? "train" : "test")} part)" : "";

    private static string Records(IReadOnlyList<long> records) =>
        (records.Count == 1 ? "record " : "records ") + string.Join(", ", records.Take(RecordsNamed))
        + (records.Count > RecordsNamed ? $" and {records.Count - RecordsNamed} more" : "");
}
