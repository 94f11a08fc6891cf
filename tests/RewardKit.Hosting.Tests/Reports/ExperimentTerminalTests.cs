using RewardKit.Hosting.Reports;
using Spectre.Console;

namespace RewardKit.Hosting.Tests.Reports;

public class ExperimentTerminalTests
{
    [Test]
    public void A_redirected_table_has_no_control_characters_and_names_everything()
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
        var result = Results.Of(("a [x]", 1, [1, 1, 1, 0]), ("b", 1, [1, 1, 0, 0])) with
        {
            Trivial = [Results.Run("longer wins", null, [0, 1, 0, 1])],
            Failures = [new("c", null, "", ""), new("d", 1, "", ""), new("d", 2, "", "")],
            Notes = ["train.jsonl: 3 records skipped (identical responses: records 1, 2, 3)."],
        };
        ResultTerminal.Print(result, ["/somewhere/report.html"], console);
        var lines = text.ToString();
        Assert.That(lines.Where(c => char.IsControl(c) && c != '\n' && c != '\r'), Is.Empty);
        Assert.That(lines, Does.Match(@"a \[x\]\s+75.0 %\s+25.0 to 100.0 %").And.Match(@"longer wins\s+50.0 %"));
        Assert.That(lines, Does.Contain("a [x] and b cannot be told apart on these 4 pairs.")
            .And.Contain("Not shown to be above chance (50.0 %): a [x] and b.")
            .And.Contain("Failed, and missing here: c and d (seeds 1 and 2).").And.Contain("3 records skipped").And.Contain("wrote /somewhere/report.html"));
    }
}
