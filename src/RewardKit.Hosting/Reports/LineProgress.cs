using System.Globalization;
using RewardKit.Hosting.Experiments;
using RewardKit.Training;
using Spectre.Console;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// Progress for a log file: a plain line where a run begins and ends, and in between one every few seconds at most.
/// </summary>
internal sealed class LineProgress(IAnsiConsole console, TimeProvider time) : IExperimentProgress
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);
    private Pace _pace = new();
    private long _written;

    public void Started(string arm, int seed)
    {
        _pace = new();
        Write($"{arm}, seed {seed}: started");
    }

    public void Advanced(string arm, int seed, TrainingProgress progress)
    {
        _pace.Begins(progress);
        if (time.GetElapsedTime(_written) < Quiet) return;
        var done = string.Create(CultureInfo.InvariantCulture, $"{progress.Stage} {progress.Done} of {progress.Total} {progress.Unit}");
        var facts = _pace.Facts(progress).Skip(1).Select(f => f.Text).Prepend(done);
        Write(string.Create(CultureInfo.InvariantCulture, $"{arm}, seed {seed}: {string.Join(", ", facts)}"));
    }

    public void Noted(string arm, int seed, string sentence) => Write($"{arm}, seed {seed}: {sentence}");

    public void Finished(RunResult run) => Write($"{run.Arm}, seed {run.Seed}: {(run.Reused ? "found again" : "done")}");

    public void Failed(RunFailure failure) => Write(failure.Message);

    private void Write(string line)
    {
        _written = time.GetTimestamp();
        console.WriteLine(line);
    }
}
