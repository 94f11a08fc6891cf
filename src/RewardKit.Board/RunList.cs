using RewardKit.Hosting.Reports;
using RewardKit.Hosting.Runs;

namespace RewardKit.Board;

/// <summary>Runs that are taken together: one of them, or an arm with its seeds.</summary>
/// <param name="Place">Its place among those that are compared; it decides the colour.</param>
/// <param name="Runs">The runs.</param>
internal sealed record RunLine(int Place, IReadOnlyList<RunRow> Runs);

/// <summary>The runs as the page lists them.</summary>
internal sealed class RunList(string folder, Action<string>? notice)
{
    private readonly RunIndex _index = new(folder, notice);

    /// <summary>The index.</summary>
    public string Path => _index.Path;

    /// <summary>All runs, the newest first.</summary>
    public IEnumerable<object> All() => _index.All().Select(Brief);

    /// <summary>Runs by their ids, in that order.</summary>
    /// <exception cref="FileNotFoundException">There is no such run.</exception>
    public IReadOnlyList<RunRow> Find(IReadOnlyList<string> ids)
    {
        var all = _index.All().ToDictionary(row => row.Id);
        return [.. ids.Distinct().Select(id => all.GetValueOrDefault(id) ?? throw new FileNotFoundException($"There is no run {id}."))];
    }

    /// <summary>All that is known of a run.</summary>
    public static object Details(RunRow row) => new
    {
        row.Id,
        row.Experiment,
        row.Arm,
        row.Seed,
        State = StateOf(row),
        row.Started,
        row.Ended,
        Folder = RunFiles.Place(row),
        Process = row.Process is { } process ? $"{process.Id} on {process.Host}" : null,
        row.Steps,
        row.Seconds,
        row.Metrics,
        row.About,
        Settings = RunSettings.Of(row),
        row.Key,
        row.Error,
        Last = RunFiles.LastMetrics(row),
    };

    private static object Brief(RunRow row)
    {
        // How far those are that have no result.
        var last = row.State is RunState.Finished ? null : RunFiles.LastMetrics(row);
        return new
        {
            row.Id,
            row.Experiment,
            row.Arm,
            row.Seed,
            State = StateOf(row),
            row.Started,
            row.Ended,
            Steps = row.Steps ?? (last?.TryGetValue("step", out var step) == true ? (int)step : null),
            Epoch = last?.TryGetValue("epoch", out var epoch) == true ? epoch : (double?)null,
            Loss = last?.TryGetValue("loss", out var loss) == true ? loss : (double?)null,
            row.Metrics,
            Error = row.Error?.Split('\n')[0],
        };
    }

    // A process that was killed could not say when.
    private static string StateOf(RunRow row) =>
        row is { State: RunState.Stopped, Ended: null } ? "killed" : row.State.ToString().ToLowerInvariant();
}
