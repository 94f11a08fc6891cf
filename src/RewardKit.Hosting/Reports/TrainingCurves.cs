using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Training;

namespace RewardKit.Hosting.Reports;

/// <summary>The loss of each step, as the data that the page's script hands to uPlot: a chart an arm, a line a seed.</summary>
internal static class TrainingCurves
{
    private const int MostPoints = 800;

    /// <summary>One object an arm: <c>{"arm", "seeds", "steps", "loss": [[…] a seed], "smooth": [[…] a seed]}</c>.</summary>
    public static Html Data(IReadOnlyList<RunResult> runs)
    {
        var arms = runs.Where(r => r.Log is { Steps.Count: > 0 }).GroupBy(r => r.Arm).Select(arm =>
        {
            var logs = arm.Select(r => r.Log!.Steps).ToArray();
            var stride = (logs.Max(l => l.Count) + MostPoints - 1) / MostPoints;
            int[] steps = [.. logs.MaxBy(l => l.Count)!.Chunk(stride).Select(c => c[^1].Step)];
            double?[][] loss = [.. logs.Select(l => Losses(l, stride))];
            return new
            {
                arm = arm.Key,
                seeds = arm.Select(r => r.Seed).ToArray(),
                steps,
                loss = loss.Select(l => Pad(l, steps.Length)).ToArray(),
                smooth = loss.Select(l => Pad(Smooth(l), steps.Length)).ToArray(),
            };
        });
        // The default encoder writes <, > and & as escapes, so the data cannot end the script element they stand in.
        return new(JsonSerializer.Serialize(arms));
    }

    private static double?[] Losses(IReadOnlyList<StepLog> steps, int stride) =>
    [
        .. steps.Chunk(stride).Select(chunk =>
        {
            var mean = chunk.Average(s => s.Metrics.TryGetValue("loss", out var loss) ? loss : double.NaN);
            return double.IsFinite(mean) ? Math.Round(mean, 5) : (double?)null;
        }),
    ];

    // Seeds may differ in length where an augmenter kept more pairs under one than under another.
    private static double?[] Pad(double?[] values, int length) => [.. values, .. new double?[length - values.Length]];

    // The mean over a window of a tenth of the run about each point.
    private static double?[] Smooth(double?[] loss)
    {
        var reach = loss.Length / 20;
        return [.. loss.Select((_, i) => loss[Math.Max(0, i - reach)..Math.Min(loss.Length, i + reach + 1)].Average())];
    }
}
