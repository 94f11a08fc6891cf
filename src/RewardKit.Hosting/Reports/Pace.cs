using System.Diagnostics;
using System.Globalization;
using RewardKit.Training;

namespace RewardKit.Hosting.Reports;

/// <summary>How fast one stage of a run goes and how long it has left, from its first report on.</summary>
internal sealed class Pace
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private string? _stage;
    private long _first;
    private long _firstTokens;

    /// <summary>Takes in a report; says whether a new stage began with it.</summary>
    public bool Begins(TrainingProgress progress)
    {
        if (_stage == progress.Stage) return false;
        // The first report comes after the first piece of work: time and work are both counted from there.
        _stage = progress.Stage;
        _first = progress.Done;
        _firstTokens = progress.Step?.Tokens ?? 0;
        _clock.Restart();
        return true;
    }

    /// <summary><c>41.2 pairs/s, 9841 tokens/s, 1:05 left</c>, tokens while training; empty until there is something to go by.</summary>
    public string Describe(TrainingProgress progress)
    {
        var done = progress.Done - _first;
        var seconds = _clock.Elapsed.TotalSeconds;
        if (done <= 0 || seconds <= 0) return "";
        var left = TimeSpan.FromSeconds(Math.Ceiling((progress.Total - progress.Done) * seconds / done));
        var time = left.TotalHours >= 1 ? left.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture) : left.ToString(@"m\:ss", CultureInfo.InvariantCulture);
        var tokens = progress.Step is { } step
            ? string.Create(CultureInfo.InvariantCulture, $", {(step.Tokens - _firstTokens) / seconds:0} tokens/s")
            : "";
        return string.Create(CultureInfo.InvariantCulture, $"{done / seconds:0.0} {progress.Unit}/s{tokens}, {time} left");
    }

    /// <summary><c>loss 0.512, accuracy 63 %</c> of the last step, accuracy where there is one; empty outside training.</summary>
    public static string Step(TrainingProgress progress) => progress.Step is not { } step
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"loss {step.Log.Metrics["loss"]:0.000}")
            + (step.Rewards?.Accuracy is { } accuracy ? string.Create(CultureInfo.InvariantCulture, $", accuracy {100 * accuracy:0} %") : "");
}
