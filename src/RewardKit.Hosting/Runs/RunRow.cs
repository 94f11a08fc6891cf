using System.Diagnostics;

namespace RewardKit.Hosting.Runs;

/// <summary>How far a run is.</summary>
public enum RunState
{
    /// <summary>It is being trained.</summary>
    Running,

    /// <summary>It is trained, and being evaluated.</summary>
    Evaluating,

    /// <summary>It is trained and evaluated.</summary>
    Finished,

    /// <summary>It ended with an error.</summary>
    Failed,

    /// <summary>It was stopped, or its process is gone. The next run of the experiment goes on with it.</summary>
    Stopped,
}

/// <summary>A run, an arm of an experiment under a seed, as the index knows it.</summary>
public sealed record RunRow
{
    /// <summary>A short name, the same as long as the folder stays where it is in the index's folder.</summary>
    public required string Id { get; init; }

    /// <summary>The run's folder, absolute.</summary>
    public required string Folder { get; init; }

    /// <summary>The experiment's name.</summary>
    public required string Experiment { get; init; }

    /// <summary>The arm's name.</summary>
    public required string Arm { get; init; }

    /// <summary>The seed.</summary>
    public required int Seed { get; init; }

    /// <summary>How far it is.</summary>
    public required RunState State { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it ended; null before.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>The process that computes or computed it; null for one that is known from its folder alone.</summary>
    public RunProcess? Process { get; init; }

    /// <summary>The hash of all that decides the trained model.</summary>
    public string Key { get; init; } = "";

    /// <summary>The parts of the key by name: settings, and hashes of data, plugins and versions.</summary>
    public IReadOnlyDictionary<string, string> Parts { get; init; } = new Dictionary<string, string>();

    /// <summary>What the key does not say: names of files and folders. Empty for a run known from its folder alone.</summary>
    public IReadOnlyDictionary<string, string> About { get; init; } = new Dictionary<string, string>();

    /// <summary>The final measurements.</summary>
    public IReadOnlyDictionary<string, double> Metrics { get; init; } = new Dictionary<string, double>();

    /// <summary>The optimiser's steps; null before the training is finished.</summary>
    public int? Steps { get; init; }

    /// <summary>The time of the training's steps in seconds.</summary>
    public double? Seconds { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }

    /// <summary>Whether a process is at work on it.</summary>
    public bool IsLive => State is RunState.Running or RunState.Evaluating;
}

/// <summary>A process of a machine.</summary>
/// <param name="Host">The machine.</param>
/// <param name="Id">The process.</param>
/// <param name="Started">When it was started, in milliseconds since 1970: ids are used again.</param>
public sealed record RunProcess(string Host, int Id, long Started)
{
    /// <summary>This process.</summary>
    public static RunProcess Current { get; } = OfThis();

    /// <summary>Whether it is gone. Of another machine's that is not known, and false.</summary>
    public bool IsGone
    {
        get
        {
            if (Host != Environment.MachineName) return false;
            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(Id);
                return Math.Abs(StartOf(process) - Started) > 2000;
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                return true;
            }
        }
    }

    private static RunProcess OfThis()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return new(Environment.MachineName, process.Id, StartOf(process));
    }

    private static long StartOf(Process process) => new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds();
}
