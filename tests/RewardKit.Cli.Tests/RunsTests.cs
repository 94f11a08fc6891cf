using System.Text.Json;

namespace RewardKit.Cli.Tests;

public class RunsTests : ExperimentFixture
{
    [Test]
    public void Runs_are_listed_shown_compared_and_removed()
    {
        WriteRun("first", "a", 0.5, 0.75);
        WriteRun("first", "b", 0.7, 0.25);
        WriteRun("second", "a", 0.5, null);
        var listed = JsonDocument.Parse(Call("runs", "--json").Output).RootElement;
        string Id(string experiment, string arm) => listed.EnumerateArray()
            .Single(r => r.GetProperty("experiment").GetString() == experiment && r.GetProperty("arm").GetString() == arm).GetProperty("id").GetString()!;
        var (a, b, stopped) = (Id("first", "a"), Id("first", "b"), Id("second", "a"));
        Assert.Multiple(() =>
        {
            Assert.That(listed.GetArrayLength(), Is.EqualTo(3));
            var list = Call("runs", "--experiment", "first", "--state", "finished");
            Assert.That(list.Error, Is.Empty);
            Assert.That(list.Output.Split('\n'), Has.Length.EqualTo(4)
                .And.Some.Match("^ID +STATE +EXPERIMENT +ARM +SEED +STARTED +TOOK +FIRST METRIC$")
                .And.Some.Match($"^{a} +finished +first +a +1 .* accuracy 0.75$"));
            var show = Call("runs", "show", a[..6]);
            Assert.That(show.Error, Is.Empty);
            Assert.That(show.Output, Does.Contain("loss.alpha      0.5").And.Contain("data            0123456789ab").And.Match("accuracy +0.75"));
            Assert.That(Call("runs", "show", "runs/first/a/seed-1").Output, Is.EqualTo(show.Output));
            var compared = Call("runs", "compare", a, b).Output.Split('\n');
            Assert.That(compared, Has.Some.Match($"^ +{a} +{b}$").And.Some.Match("^loss.alpha +0.5 +0.7$").And.Some.Match("^accuracy +0.75 +0.25$").And.None.Match("^data "));
            Assert.That(Call("runs", "show", "zz").Error, Does.Contain("No run has an id that begins with \"zz\""));
            Assert.That(Call("runs", "--state", "lost").ExitCode, Is.EqualTo(2));
            var asked = Pipe("", "runs", "rm", a);
            Assert.That((asked.ExitCode, asked.Error), Is.EqualTo((2, "runs rm asks before it removes anything; where nobody can answer, say --yes.\n")));
        });
        var removed = Call("runs", "rm", a, stopped, "--yes");
        Assert.That(removed.Output.Split('\n'), Has.Member($"removed {a}: {PathOf("runs/first/a/seed-1")}"));
        Assert.That(Directory.Exists(PathOf("runs/first/a")), Is.False);
        Assert.That(Directory.Exists(PathOf("runs/second/a")), Is.False);
        Assert.That(JsonDocument.Parse(Call("runs", "--json").Output).RootElement.EnumerateArray().Single().GetProperty("id").GetString(), Is.EqualTo(b));
        Assert.That(Call("runs", "--runs", "nowhere").Error, Does.StartWith("There is no folder ").And.Contain("nowhere"));
    }

    [Test]
    public void Two_processes_that_run_at_once_write_to_one_index()
    {
        using var one = Start(Run("--", "name=one"));
        var two = Call(Run("--", "name=two", "third=throwing"));
        Assert.That(End(one).Error, Is.Empty);
        Assert.That(two.ExitCode, Is.EqualTo(1));
        var rows = JsonDocument.Parse(Call("runs", "--json").Output).RootElement.EnumerateArray()
            .Select(r => $"{r.GetProperty("experiment")} {r.GetProperty("arm")} {r.GetProperty("state")}").Order(StringComparer.Ordinal);
        Assert.That(rows, Is.EqualTo(new[]
        {
            "one first finished", "one second finished", "one third finished", "two first finished", "two second finished", "two third failed",
        }));
    }

    private void WriteRun(string experiment, string arm, double alpha, double? accuracy)
    {
        var parts = new Dictionary<string, string>
        {
            ["data"] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
            ["loss"] = FormattableString.Invariant($$"""haf-rm 0123456789abcdef0123 {"alpha":{{alpha}}}"""),
        };
        Write($"runs/{experiment}/{arm}/seed-1/training.json", JsonSerializer.Serialize(new { key = arm, parts, steps = 3, seconds = 2.5 }));
        if (accuracy is { } value)
            Write($"runs/{experiment}/{arm}/seed-1/run.json", JsonSerializer.Serialize(new { key = arm, measurements = new { accuracy = new { value } } }));
    }
}
