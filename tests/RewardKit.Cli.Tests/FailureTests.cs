using System.Text.Json;

namespace RewardKit.Cli.Tests;

public class FailureTests : ExperimentFixture
{
    [Test]
    public void An_arm_that_fails_is_told_at_the_end_and_the_others_have_their_results()
    {
        var outcome = Call(Run("--", "third=throwing"));
        Assert.Multiple(() =>
        {
            Assert.That(outcome.ExitCode, Is.EqualTo(1));
            Assert.That(outcome.Error, Is.EqualTo($"The arm \"third\" with seed 1 failed: Exception: boom{Place("failwith")}"));
            Assert.That(outcome.Output, Does.Contain("first, seed 1: done").And.Contain("second, seed 1: done")
                .And.Contain("Failed, and missing here: third (seed 1).").And.Contain("wrote "));
        });
        using var results = JsonDocument.Parse(File.ReadAllBytes(PathOf("runs/small/results.json")));
        Assert.That(results.RootElement.GetProperty("failures")[0].GetProperty("arm").GetString(), Is.EqualTo("third"));
        Assert.That(results.RootElement.GetProperty("arms").EnumerateArray().Select(a => a.GetProperty("name").GetString()),
            Does.Contain("first").And.Contain("second").And.Not.Contain("third"));
    }
}
