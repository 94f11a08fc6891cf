using System.Text;
using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Reports;

namespace RewardKit.Hosting.Runs;

/// <summary>What the folder of a run has to show, while it is being trained and afterwards.</summary>
public static class RunFiles
{
    private const int TailBytes = 16384;

    /// <summary>Where a run's files are at present: its folder, or beside it while it is not finished; null if neither is there.</summary>
    public static string? Place(RunRow row)
    {
        var partial = RunFolders.Partial(row.Folder);
        // While it is trained anew, an earlier training's folder is still in its place.
        if ((row.State != RunState.Finished || !Directory.Exists(row.Folder)) && Directory.Exists(partial)) return partial;
        return Directory.Exists(row.Folder) ? row.Folder : null;
    }

    /// <summary>The run as <see cref="TrainingCurves"/> draws it.</summary>
    /// <param name="row">The run.</param>
    /// <param name="arm">The place of its line.</param>
    public static CurveRun Curve(RunRow row, int arm)
    {
        var place = Place(row);
        return new(arm, place, place is null ? [] : RunStore.ReadSteps(Path.Combine(place, "log.jsonl")) ?? []);
    }

    /// <summary>The files that <see cref="Curve"/> reads, whether they are there or not.</summary>
    public static IEnumerable<string> CurveFiles(RunRow row) =>
        Place(row) is { } place ? [Path.Combine(place, "metrics.jsonl"), Path.Combine(place, "log.jsonl")] : [];

    /// <summary>The last numbers of a run's <c>metrics.jsonl</c> by name, <c>step</c> among them; null if there are none.</summary>
    public static IReadOnlyDictionary<string, double>? LastMetrics(RunRow row)
    {
        try
        {
            if (Place(row) is not { } place || !File.Exists(Path.Combine(place, "metrics.jsonl"))) return null;
            using var file = new FileStream(Path.Combine(place, "metrics.jsonl"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var tail = new byte[Math.Min(TailBytes, file.Length)];
            file.Seek(-tail.Length, SeekOrigin.End);
            file.ReadExactly(tail);
            // What stands behind the last line's end is being written.
            var lines = Encoding.UTF8.GetString(tail).Split('\n');
            return lines.Length < 2 ? null : JsonSerializer.Deserialize<Dictionary<string, double>>(lines[^2], StoreJson.Options);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What a finished run's evaluators looked at, with its rewards, by evaluator; empty if there is nothing that can be read.</summary>
    public static IReadOnlyDictionary<string, EvaluationSample[]> Samples(RunRow row) =>
        RunStore.ReadSamples(row.Folder) ?? new Dictionary<string, EvaluationSample[]>();
}
