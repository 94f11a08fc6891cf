using RewardKit.Hosting.Reports;
using Spectre.Console;

namespace RewardKit.Hosting.Tests.Reports;

public class LineProgressTests
{
    [Test]
    public void A_run_that_reports_often_leaves_few_lines()
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 200;
        var clock = new Clock();
        var progress = new LineProgress(console, clock);
        progress.Started("arm", 1);
        for (var done = 1; done <= 120; done++)
        {
            clock.Now += TimeSpan.FromSeconds(0.1);
            progress.Advanced("arm", 1, new("train", done, 120, "pairs", Results.Step(done, loss: 0.5, accuracy: 0.625)));
        }
        progress.Finished(Results.Run("arm", 1, [1, 0]));
        var lines = text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        // The rate is the machine's own.
        Assert.That(lines.Select(l => l.Split(',')[..2]), Is.EqualTo(new[]
        {
            new[] { "arm", " seed 1: started" },
            ["arm", " seed 1: train 50 of 120 pairs"],
            ["arm", " seed 1: train 100 of 120 pairs"],
            ["arm", " seed 1: done"],
        }));
        Assert.That(lines[1], Does.Match(@" pairs/s, \d+ tokens/s, \d+:\d\d left, loss 0\.500, accuracy 6[23] %$"));
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
        public override long GetTimestamp() => Now.Ticks;
    }
}
