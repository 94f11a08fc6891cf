using System.Diagnostics;

namespace RewardKit.Cli.Tests;

public class StopTests : ExperimentFixture
{
    private const string Partial = "runs/small/third/seed-1.partial";

    private const string Stopped = "stopped at step 2 of 4; the same command goes on from there\n";

    [Test]
    public void Ctrl_C_in_the_middle_of_training_keeps_all_that_was_finished_and_a_checkpoint_of_the_steps_done()
    {
        Assert.That(Call(Run()).ExitCode, Is.Zero);
        var before = Contents();
        Assert.That(before, Has.Some.StartsWith("runs/small/results.json ").And.Some.StartsWith("runs/small/third/seed-1/run.json "));

        var (outcome, output) = StopTheThirdArm("INT");

        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((130, Stopped)));
        Assert.That(output, Does.Contain("first, seed 1: found again").And.Contain("second, seed 1: found again"));
        Assert.That(File.ReadAllLines(PathOf($"{Partial}/metrics.jsonl")), Has.Length.EqualTo(2), "the step under way is finished");
        Assert.That(Contents().Where(f => !IsUnfinished(f) && !IsIndex(f)), Is.EqualTo(before.Where(f => !IsIndex(f))), "the third arm's earlier run, results.json and report.html, too");
        Assert.That(Call(Run()).Output, Does.Contain("third, seed 1: found again"));
    }

    [TestCase("INT")]
    [TestCase("TERM")]
    public void A_signal_in_the_first_run_leaves_the_finished_arms_alone_and_the_same_command_goes_on(string signal)
    {
        var (outcome, output) = StopTheThirdArm(signal);

        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((130, Stopped)));
        Assert.That(output, Does.Contain("first, seed 1: done").And.Contain("second, seed 1: done"));
        Assert.That(Directory.GetFileSystemEntries(PathOf("runs/small")).Select(Path.GetFileName), Is.EquivalentTo(new[] { "first", "generated.db", "second", "third" }));
        Assert.That(Directory.GetDirectories(PathOf($"{Partial}/checkpoints")).Select(Path.GetFileName), Is.EqualTo(new[] { "step-000002" }));
        Assert.That(Contents(), Has.Some.StartsWith("runs/small/first/seed-1/run.json ").And.None.Contain(".tmp"));

        var rest = Call(Run("--", "third=waiting"));
        Assert.That((rest.ExitCode, rest.Error), Is.EqualTo((0, "")));
        Assert.That(rest.Output.Split('\n'), Does.Contain("third, seed 1: Goes on from step 2 of 4.").And.Contain("third, seed 1: done"));
        Assert.That(File.ReadAllLines(PathOf("runs/small/third/seed-1/metrics.jsonl")), Has.Length.EqualTo(4));
        Assert.That(Contents().Where(IsUnfinished), Is.Empty);
    }

    private static bool IsUnfinished(string file) => file.StartsWith($"{Partial}/", StringComparison.Ordinal);

    private static bool IsIndex(string file) => file.StartsWith("runs/runs.db ", StringComparison.Ordinal);

    // The third arm's loss waits in its second step, so that there is no race.
    private (Outcome Outcome, List<string> Output) StopTheThirdArm(string signal)
    {
        using var process = Start(Run("--", "third=waiting"));
        var output = new List<string>();
        while (process.StandardOutput.ReadLine() is { } line and not "under way") output.Add(line);
        Assert.That(Directory.Exists(PathOf(Partial)), "training is under way");
        Process.Start("kill", [$"-{signal}", $"{process.Id}"]).WaitForExit();
        return (End(process), output);
    }
}
