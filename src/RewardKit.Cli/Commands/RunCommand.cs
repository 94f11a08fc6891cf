using System.CommandLine;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Reports;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit run SCRIPT</c>.</summary>
internal static class RunCommand
{
    /// <summary>The command.</summary>
    /// <param name="arguments">The script's own arguments.</param>
    public static Command Create(string[] arguments)
    {
        var script = Shared.Script();
        var fresh = new Option<bool>("--fresh") { Description = "Compute everything again, whatever earlier runs left." };
        var plugins = Shared.Plugins();
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "run",
            """
            Runs a script: compiles it if it changed, and runs its experiments to results.json and report.html under runs/.
            What was stopped or killed goes on from its last checkpoint when the same command is given again.
            Arguments behind -- are the script's: Script.arguments.
            """,
            "rewardkit run scripts/quickstart.fsx",
            "rewardkit run scripts/quickstart.fsx --fresh",
            "rewardkit run mine.fsx --plugins ../my-plugins -- small 3")
        {
            script, fresh, plugins, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var file = parsed.GetRequiredValue(script);
            var host = new PluginHost(Shared.Catalog(parsed.GetRequiredValue(plugins), file), warn: Console.Error.WriteLine);
            Program.RunScript(
                host, file, arguments, new RunnerOptions(parsed.GetValue(fresh)), ExperimentTerminal.Console(), parsed.GetValue(verbose),
                cancellation);
        }, whenStopped: parsed.GetValue(fresh) ? ", without --fresh" : ""));
        return command;
    }
}
