using RewardKit.Hosting.Scoring;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Experiments;

/// <summary>An experiment's pairs, each file read once, and what the reader of the results should know of them.</summary>
internal sealed class ExperimentData
{
    private const int RecordsNamed = 8;
    private readonly PairLoader _pairs = new();
    private readonly ExperimentSpec _spec;

    public ExperimentData(ExperimentSpec spec)
    {
        _spec = spec;
        Train = _pairs.Load(spec.Train);
        foreach (var arm in spec.Arms) _pairs.Load(spec.TrainOf(arm));
        foreach (var arm in spec.Arms.Where(arm => arm.Reference is not null)) _pairs.Load(arm.Reference!);
        Validation = spec.Validation is { } held ? _pairs.Load(held) : null;
        Evaluations = [.. spec.Labelled().Select(e => (e.Label, e.Evaluation, e.Evaluation.Pairs is { } pairs ? _pairs.Load(pairs).Examples : (IReadOnlyList<PreferenceExample>)[]))];
    }

    /// <summary>An arm's training pairs.</summary>
    public LoadedPairs TrainOf(ArmSpec arm) => _pairs.Load(_spec.TrainOf(arm));

    /// <summary>The responses that tell the scales of an arm's members apart, each once.</summary>
    public IReadOnlyList<ScoreRequest> ReferenceOf(ArmSpec arm) => ComposedScorers.References(_pairs.Load(arm.Reference ?? _spec.TrainOf(arm)).Examples);

    /// <summary>What the trivial baselines learn from: the experiment's training pairs.</summary>
    public LoadedPairs Train { get; }

    /// <summary>The pairs to try models on while they are trained; null where there are none.</summary>
    public LoadedPairs? Validation { get; }

    /// <summary>Each evaluator under its label, with its pairs.</summary>
    public IReadOnlyList<(string Label, EvaluationSpec Spec, IReadOnlyList<PreferenceExample> Pairs)> Evaluations { get; }

    /// <summary>Skipped and truncated records, in sentences.</summary>
    public IReadOnlyList<string> Notes(IReadOnlyList<RunResult> runs)
    {
        var notes = new List<string>();
        foreach (var (data, pairs) in _pairs.Loaded.Where(loaded => loaded.Key.Files.Any()))
        {
            var skipped = pairs.Skipped.Sum(s => s.Records.Count);
            var reasons = string.Join("; ", pairs.Skipped.Select(s => $"{s.Reason}: {Records(s.Records)}"));
            notes.Add($"{data}: {pairs.Examples.Count} pairs"
                + (pairs.Responses is { } responses ? $" of {responses} responses" : "")
                + (pairs.Origin is { } origin ? $" ({origin})" : "")
                + (skipped > 0 ? $", {skipped} {(skipped == 1 ? "record" : "records")} skipped ({reasons})." : "."));
        }
        if (_spec.Arms.Any(a => !_spec.TrainOf(a).Equals(_spec.Train)))
            notes.Add($"Arms have training pairs of their own; the word bigrams have learnt from {_spec.Train}.");
        foreach (var run in runs.Where(r => r.Log?.KeptStep is not null))
            notes.Add($"{run.Arm}, seed {run.Seed}: the model is that of step {run.Log!.KeptStep} of {run.Log.Steps.Count}, the best on the validation pairs.");
        foreach (var arm in runs.Where(r => r.Log is { DroppedPairs: > 0 }).GroupBy(r => r.Arm))
            notes.Add($"{arm.Key}: {arm.Max(r => r.Log!.DroppedPairs)} training pairs dropped, because prompt or response is longer than the model's limits.");
        foreach (var arm in runs.Where(r => r.Log is { } log && log.TruncatedPrompts + log.TruncatedResponses > 0).GroupBy(r => r.Arm))
        {
            var most = arm.Select(r => r.Log!).MaxBy(l => l.TruncatedPrompts + l.TruncatedResponses)!;
            notes.Add($"{arm.Key}: {most.TruncatedPrompts} training prompts cut on the left and {most.TruncatedResponses} responses on the right to fit the model's limits.");
        }
        return notes;
    }

    private static string Records(IReadOnlyList<long> records) =>
        (records.Count == 1 ? "record " : "records ") + string.Join(", ", records.Take(RecordsNamed))
        + (records.Count > RecordsNamed ? $" and {records.Count - RecordsNamed} more" : "");
}
