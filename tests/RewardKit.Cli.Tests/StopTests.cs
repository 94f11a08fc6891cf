using System.Diagnostics;

namespace RewardKit.Cli.Tests;

public class StopTests : ExperimentFixture
{
    [Test]
    public void Ctrl_C_in_the_middle_of_training_keeps_what_was_finished_and_leaves_nothing_half_written()
    {
        Assert.That(Call(Run()).ExitCode, Is.Zero);
        var before = Contents();
        Assert.That(before, Has.Some.StartsWith("runs/small/results.json ").And.Some.StartsWith("runs/small/third/seed-1/run.json "));

        // The first two arms are found again; the third, with more pairs, would take a while.
        using var process = Start(Run("--", "ratio=100"));
        var lines = new List<string>();
        while (process.StandardOutput.ReadLine() is { } line)
        {
            lines.Add(line);
            if (line.StartsWith("third, seed 1: train ", StringComparison.Ordinal)) break;
        }
        Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
        var outcome = End(process);

        Assert.That((outcome.ExitCode, outcome.Error), Is.EqualTo((130, "stopped\n")));
        Assert.That(lines, Does.Contain("first, seed 1: found again").And.Contain("second, seed 1: found again"));
        Assert.That(Contents(), Is.EqualTo(before));
        Assert.That(Call(Run()).Output, Does.Contain("third, seed 1: found again"));
    }

    [Test]
    public void Ctrl_C_in_the_first_run_leaves_finished_arms_alone()
    {
        using var process = Start(Run("--", "ratio=100"));
        while (process.StandardOutput.ReadLine() is { } line)
            if (line.StartsWith("third, seed 1: train ", StringComparison.Ordinal)) break;
        Process.Start("kill", ["-INT", $"{process.Id}"]).WaitForExit();
        Assert.That(End(process).ExitCode, Is.EqualTo(130));
        Assert.That(Directory.GetDirectories(PathOf("runs/small")).Select(Path.GetFileName), Is.EquivalentTo(new[] { "first", "second" }));
        Assert.That(File.Exists(PathOf("runs/small/results.json")), Is.False);
        Assert.That(Contents(), Has.None.Contain(".partial").And.None.Contain(".tmp").And.None.Contain(".lock"));
    }
}
