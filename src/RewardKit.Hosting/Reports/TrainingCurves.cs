using System.Globalization;
using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Training;

namespace RewardKit.Hosting.Reports;

/// <summary>A run to be drawn.</summary>
/// <param name="Arm">The place of its line among the chart's lines, from 0; runs of one place are its seeds.</param>
/// <param name="Folder">The folder that has its <c>metrics.jsonl</c>; null for none.</param>
/// <param name="Steps">Its training log; empty while it is being trained.</param>
public sealed record CurveRun(int Arm, string? Folder, IReadOnlyList<StepLog> Steps);

/// <summary>
/// What was logged at each step, as the data that the page's script hands to uPlot: a chart a metric, a line an arm, the
/// seeds as a band. The training log has the loss, the learning rate and the gradient norm; accuracy, margins and
/// validation (<c>eval/…</c>) stand in the run's <c>metrics.jsonl</c> and are drawn where that file is.
/// </summary>
public static class TrainingCurves
{
    /// <summary>What starts the name of a metric that was taken on validation pairs.</summary>
    internal const string Validation = "eval/";

    private const int MostPoints = 300;
    private static readonly string[] First =
        ["loss", "eval/loss", "accuracy", "eval/accuracy", "margin", "eval/margin", "grad_norm", "learning_rate"];

    /// <summary>
    /// An object a metric: <c>name</c>, <c>more</c> (whether it is one of the lesser ones) and <c>arms</c>, each with
    /// <c>arm</c>, <c>x</c> (steps) and <c>seeds</c> (a list of values a seed, null where there is none).
    /// </summary>
    /// <param name="of">The runs, in any order.</param>
    public static IEnumerable<object> Data(IEnumerable<CurveRun> of)
    {
        var runs = of.Select(r => (r.Arm, Rows: Rows(r))).Where(r => r.Rows.Count > 0).ToArray();
        if (runs.Length == 0) return [];
        // The same steps for all arms and seeds, so that they lie on one grid.
        var stride = (runs.Max(r => r.Rows.Keys.Last()) + MostPoints - 1) / MostPoints;
        return runs.SelectMany(r => r.Rows.Values.SelectMany(v => v.Keys)).Distinct()
            .OrderBy(Rank).ThenBy(n => n, StringComparer.Ordinal)
            .Select(name => (object)new
            {
                name,
                more = Rank(name) == First.Length,
                arms = runs.GroupBy(r => r.Arm).Select(arm => Arm(arm.Key, name, [.. arm.Select(r => Thin(r.Rows, name, stride))]))
                    .Where(a => a is not null),
            });
    }

    internal static IEnumerable<object> Data(ReportContent result)
    {
        var arms = result.Outline.Arms.ToList();
        return Data(result.Runs.Select(r => new CurveRun(arms.IndexOf(r.Arm), r.Folder, r.Log?.Steps ?? [])));
    }

    private static int Rank(string name) => Array.IndexOf(First, name) is var place and >= 0 ? place : First.Length;

    private static object? Arm(int arm, string name, SortedDictionary<int, double?>[] seeds)
    {
        seeds = [.. seeds.Where(s => s.Count > 0)];
        if (seeds.Length == 0) return null;
        // Runs differ in length where an augmenter kept more pairs under one seed than under another. What was tried now
        // and then is taken try by try, at the mean of the seeds' steps.
        if (name.StartsWith(Validation, StringComparison.Ordinal))
        {
            var tries = Enumerable.Range(0, seeds.Min(s => s.Count)).ToArray();
            return Points(tries.Select(i => (int)seeds.Average(s => s.Keys.ElementAt(i))), seeds.Select(s => s.Values.Take(tries.Length)));
        }
        // Only where all seeds have a value: a mean of fewer would jump there.
        int[] steps = [.. seeds.Select(s => s.Keys.AsEnumerable()).Aggregate((a, b) => a.Intersect(b))];
        return steps.Length == 0 ? null : Points(steps, seeds.Select(s => steps.Select(step => s[step])));

        object Points(IEnumerable<int> x, IEnumerable<IEnumerable<double?>> values) => new { arm, x, seeds = values };
    }

    // The mean of each stretch of steps, at the stretch's last step.
    private static SortedDictionary<int, double?> Thin(SortedDictionary<int, Dictionary<string, double>> rows, string name, int stride)
    {
        var last = rows.Keys.Last();
        var points = new SortedDictionary<int, double?>();
        foreach (var stretch in rows.Where(r => r.Value.ContainsKey(name)).GroupBy(r => (r.Key + stride - 1) / stride * stride))
        {
            var mean = stretch.Average(r => r.Value[name]);
            points[Math.Min(stretch.Key, last)] = double.IsFinite(mean)
                ? double.Parse(mean.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture) : null;
        }
        return points;
    }

    private static SortedDictionary<int, Dictionary<string, double>> Rows(CurveRun run)
    {
        var rows = new SortedDictionary<int, Dictionary<string, double>>();
        foreach (var (step, values) in Watched(run.Folder))
            foreach (var (name, value) in values) At(step)[name] = value;
        foreach (var step in run.Steps)
        {
            var row = At(step.Step);
            foreach (var (name, value) in step.Metrics)
                row[name == "loss" || name.StartsWith(Validation, StringComparison.Ordinal) ? name : "loss/" + name] = value;
            row["learning_rate"] = step.LearningRate;
            row["grad_norm"] = step.GradNorm;
        }
        return rows;

        Dictionary<string, double> At(int step) => rows.TryGetValue(step, out var row) ? row : rows[step] = [];
    }

    // A file to be looked at only: what cannot be read of it is not drawn.
    private static List<(int Step, Dictionary<string, double> Values)> Watched(string? folder)
    {
        var rows = new List<(int, Dictionary<string, double>)>();
        var path = folder is null ? null : Path.Combine(folder, "metrics.jsonl");
        if (path is null || !File.Exists(path)) return rows;
        try
        {
            // Whoever writes it is not to be held up.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(file);
            while (reader.ReadLine() is { } line)
            {
                var values = JsonSerializer.Deserialize<Dictionary<string, double>>(line, StoreJson.Options);
                if (values is null || !values.Remove("step", out var step)) continue;
                foreach (var name in values.Keys.Where(IsClock).ToArray()) values.Remove(name);
                rows.Add(((int)step, values));
            }
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return rows;
        }
        return rows;
    }

    // What says how far or how fast the run was, not how well; two runs of the same content differ in some of it.
    private static bool IsClock(string name) =>
        name is "epoch" or "num_tokens" or "seconds" || name.EndsWith("_per_second", StringComparison.Ordinal);
}
