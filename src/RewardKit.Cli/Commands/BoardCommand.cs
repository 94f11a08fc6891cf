using System.CommandLine;
using System.CommandLine.Parsing;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit board</c>.</summary>
internal static class BoardCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var runs = new Option<string>("--runs")
        {
            Description = "The folder that has the experiments' folders; default runs.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "runs",
        };
        var port = new Option<int?>("--port") { Description = "The port; 0 for any. Default: 8642, or the next free one.", HelpName = "N", CustomParser = Port };
        var open = new Option<bool>("--open") { Description = "Open it in the browser, too." };
        var json = new Option<bool>("--json") { Description = "Print the address as a JSON object." };
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "board",
            """
            Serves a page with all runs: live curves of those under way, results, settings, comparison, texts. Only this machine
            can open it, and it changes nothing. Ctrl-C ends it, with exit code 0.
            """,
            "rewardkit board",
            "rewardkit board --runs ../other/runs --open",
            "rewardkit board --port 8642  # elsewhere: ssh -L 8642:localhost:8642 SERVER, and open http://localhost:8642")
        {
            runs, port, open, json, verbose,
        };
        command.SetAction(parsed =>
        {
            var code = 0;
            var (says, number) = (parsed.GetValue(verbose), parsed.GetValue(port));
            var prepared = Outcome.Of(says, _ =>
            {
                var folder = Path.GetFullPath(parsed.GetRequiredValue(runs));
                if (!Directory.Exists(folder))
                    throw RewardKitException.Input($"There is no folder {folder} with experiments. Name one with --runs DIR; `rewardkit run` makes it.");
                var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "rewardkit-board.exe" : "rewardkit-board");
                if (!File.Exists(program)) throw RewardKitException.Failure($"{program} is missing: this copy of rewardkit was built without the board.");
                string?[] arguments =
                [
                    folder, number?.ToString(CultureInfo.InvariantCulture) ?? "-", parsed.GetValue(json) ? "--json" : null, parsed.GetValue(open) ? "--open" : null,
                    says ? "--verbose" : null,
                ];
                code = Run(program, arguments.OfType<string>());
            });
            return prepared != 0 ? prepared : code;
        });
        return command;
    }

    private static int? Port(ArgumentResult argument)
    {
        if (ushort.TryParse(argument.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        argument.AddError($"--port {argument.Tokens[0].Value}: expected a number from 0 to {ushort.MaxValue}.");
        return null;
    }

    // The board ends when its standard input does: however this process comes to its end.
    private static int Run(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true })!;
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        process.WaitForExit();
        return process.ExitCode;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            process.StandardInput.Close();
        }
    }
}
