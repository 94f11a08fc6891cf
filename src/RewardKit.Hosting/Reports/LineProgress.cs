using System.Globalization;
using RewardKit.Hosting.Experiments;
using RewardKit.Training;
using Spectre.Console;

namespace RewardKit.Hosting.Reports;

/// <summary>Progress for a log file: a plain line at every tenth of a stage.</summary>
internal sealed class LineProgress(IAnsiConsole console) : IExperimentProgress
{
    private Pace pace = new();
    private long tenth;

    public void Started(string arm, int seed)
    {
        pace = new();
        console.WriteLine($"{arm}, seed {seed}: started");
    }

    public void Advanced(string arm, int seed, TrainingProgress progress)
    {
        if (pace.Begins(progress)) tenth = 0;
        var now = progress.Total > 0 ? 10 * progress.Done / progress.Total : 0;
        if (now <= tenth) return;
        tenth = now;
        var speed = pace.Describe(progress);
        var loss = progress.Loss is { } value ? string.Create(CultureInfo.InvariantCulture, $", loss {value:0.000}") : "";
        console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{arm}, seed {seed}: {progress.Stage} {progress.Done} of {progress.Total} {progress.Unit}{(speed == "" ? "" : ", " + speed)}{loss}"));
    }

    public void Finished(RunResult run) =>
        console.WriteLine($"{run.Arm}, seed {run.Seed}: {(run.Reused ? "found again" : "done")}");
}
