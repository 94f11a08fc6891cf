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

    /// <summary>
    /// What there is to say of a report, in the order of reading: <c>train</c>, <c>41.2 pairs/s</c>, <c>9841 tokens/s</c>,
    /// <c>1:05 left</c>, <c>loss 0.512</c>, <c>accuracy 63 %</c>. Rates begin with the second report; tokens, loss and
    /// accuracy belong to training.
    /// </summary>
    /// <returns>Each with its rank: 0 must be said, the highest is the first to be left out where there is no room.</returns>
    public IEnumerable<(string Text, int Rank)> Facts(TrainingProgress progress)
    {
        var step = progress.Step;
        yield return (progress.Stage, step is null ? 0 : 5);
        var done = progress.Done - _first;
        var seconds = _clock.Elapsed.TotalSeconds;
        if (done > 0 && seconds > 0)
        {
            var left = TimeSpan.FromSeconds(Math.Ceiling((progress.Total - progress.Done) * seconds / done));
            yield return (Text($"{done / seconds:0.0} {progress.Unit}/s"), 2);
            if (step is not null) yield return (Text($"{(step.Tokens - _firstTokens) / seconds:0} tokens/s"), 4);
            yield return (left.ToString(left.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture) + " left", 0);
        }
        if (progress.Detail is { } detail) yield return (detail, 3);
        if (step is null) yield break;
        yield return (Text($"loss {step.Log.Metrics["loss"]:0.000}"), 1);
        if (step.Rewards?.Accuracy is { } accuracy) yield return (Text($"accuracy {100 * accuracy:0} %"), 3);
    }

    /// <summary>The facts in a line of so many characters; the least important are left out where there is no room.</summary>
    public static string Fit(IEnumerable<(string Text, int Rank)> facts, int room)
    {
        var said = facts.ToList();
        while (Line().Length > room && said.MaxBy(f => f.Rank) is { Rank: > 0 } least) said.Remove(least);
        return Line();

        string Line() => string.Join(", ", said.Select(f => f.Text));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
