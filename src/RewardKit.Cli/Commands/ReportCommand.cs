using System.CommandLine;
using RewardKit.Hosting.Reports;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit report FOLDER</c>.</summary>
internal static class ReportCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER") { Description = "An experiment's folder, as runs/quickstart." };
        var output = new Option<string?>("--out") { Description = "Where to write the page, and nothing else. Default: report.html and results.json in the folder.", HelpName = "FILE" };
        var (json, verbose) = (Json.Option(), Shared.Verbose());
        var command = new CommandWithExamples(
            "report",
            """
            Writes an experiment's report.html and results.json again, from what lies in its folder: nothing is computed, and
            neither plugins nor models nor data are needed.
            """,
            "rewardkit report runs/quickstart",
            "rewardkit report runs/quickstart --out quickstart.html")
        {
            folder, output, json, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var (experiment, files) = ReportFiles.Rewrite(parsed.GetRequiredValue(folder), parsed.GetValue(output));
            if (parsed.GetValue(json)) Json.Print(new { experiment, files });
            else
                foreach (var file in files) Console.WriteLine($"wrote {file}");
        }));
        return command;
    }
}
