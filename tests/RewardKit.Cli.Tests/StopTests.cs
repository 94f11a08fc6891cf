using System.Diagnostics;

namespace RewardKit.Cli.Tests;

public class StopTests : ExperimentFixture
{
    private const string Partial = "runs/small/third/seed-1.partial";

    [Test]
    public void Ctrl_C_in_the_middle_of_training_keeps_all_that_was_finished_and_the_metrics_of_the_steps_done()
    {
        Assert.That(Call(Run()).ExitCode, Is.Zero);
        var before = Contents();
        Assert.That(before, Has.Some.StartsWith("runs/small/results.json ").And.Some.StartsWith("runs/small/third/seed-1/run.json "));

        var (outcome, output) = StopTheThirdArm();

        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((130, "stopped\n")));
        Assert.That(output, Does.Contain("first, seed 1: found again").And.Contain("second, seed 1: found again"));
        Assert.That(File.ReadAllLines(PathOf($"{Partial}/metrics.jsonl")), Has.Length.EqualTo(2), "the step under way is finished");
        Assert.That(Contents().Where(f => !IsMetrics(f)), Is.EqualTo(before), "the third arm's earlier run, results.json and report.html, too");
        Assert.That(Call(Run()).Output, Does.Contain("third, seed 1: found again"));
    }

    [Test]
    public void Ctrl_C_in_the_first_run_leaves_the_finished_arms_alone()
    {
        var (outcome, output) = StopTheThirdArm();

        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((130, "stopped\n")));
        Assert.That(output, Does.Contain("first, seed 1: done").And.Contain("second, seed 1: done"));
        Assert.That(Directory.GetFileSystemEntries(PathOf("runs/small")).Select(Path.GetFileName), Is.EquivalentTo(new[] { "first", "second", "third" }));
        Assert.That(Contents().Where(f => f.StartsWith("runs/small/third/", StringComparison.Ordinal)), Has.Exactly(2).Items.And.All.Matches<string>(IsMetrics));
        Assert.That(Contents(), Has.Some.StartsWith("runs/small/first/seed-1/run.json ").And.None.Contain(".tmp"));
    }

    private static bool IsMetrics(string file) =>
        file.StartsWith($"{Partial}/metrics.jsonl ", StringComparison.Ordinal) || file.StartsWith($"{Partial}/events.out.tfevents.", StringComparison.Ordinal);

    // The third arm's loss waits in its second step, so that there is no race.
    private (Outcome Outcome, List<string> Output) StopTheThirdArm()
    {
        using var process = Start(Run("--", "third=waiting"));
        var output = new List<string>();
        while (process.StandardOutput.ReadLine() is { } line and not "under way") output.Add(line);
        Assert.That(Directory.Exists(PathOf(Partial)), "training is under way");
        Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
        return (End(process), output);
    }
}
