using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Reports;
using Spectre.Console;

namespace RewardKit.Hosting.Tests.Reports;

public class ExperimentTerminalTests
{
    [Test]
    public void A_redirected_table_has_no_control_characters_and_names_everything()
    {
        var result = Results.Of(("a [x]", 1, [1, 1, 1, 0]), ("b", 1, [1, 1, 0, 0])) with
        {
            Trivial = [Results.Run("longer wins", null, [0, 1, 0, 1])],
            Failures = [new("c", null, "", ""), new("d", 1, "", ""), new("d", 2, "", "")],
            Notes = ["train.jsonl: 3 records skipped (identical responses: records 1, 2, 3)."],
        };
        var lines = Printed(result);
        Assert.That(lines.Where(c => char.IsControl(c) && c != '\n' && c != '\r'), Is.Empty);
        Assert.That(lines, Does.Match(@"a \[x\]\s+75.0 %\s+25.0 to 100.0 %").And.Match(@"longer wins\s+50.0 %"));
        Assert.That(lines, Does.Contain("a [x] and b cannot be told apart on these 4 pairs.")
            .And.Contain("Not shown to be above chance (50.0 %): a [x] and b.")
            .And.Contain("Failed, and missing here: c and d (seeds 1 and 2).").And.Contain("3 records skipped").And.Contain("wrote /somewhere/report.html"));
    }

    // 101, 102, ... are the arms' margins.
    [TestCase(4, "101 102 103 104")]
    [TestCase(8, "1 101")]
    public void Arms_stand_beside_each_other_unless_there_are_many(int arms, string row)
    {
        var plain = Results.Of([.. Enumerable.Range(1, arms).Select(i => ($"{i}", 1, new double[] { 1, 1, 1, 0 }))]);
        var lines = Printed(plain with
        {
            Runs = [.. plain.Runs.Select((run, i) => run with { Measurements = run.Measurements.Append(new("pair-accuracy/margin", new Measurement(i + 101))).ToDictionary() })],
        }).Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.That(lines, Has.One.EqualTo(row).Or.One.EqualTo($"pair-accuracy/margin {row}"));
    }

    private static string Printed(ExperimentResult result)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(text),
        });
        console.Profile.Width = 200;
        ResultTerminal.Print(result, ["/somewhere/report.html"], console);
        return text.ToString();
    }
}
