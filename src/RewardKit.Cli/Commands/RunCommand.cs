using System.CommandLine;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Reports;
using RewardKit.Torch;

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
        var processes = new Option<int>("--processes")
        {
            Description = "Train in so many processes of this machine, which share each batch. Started by torchrun or the like, a process takes its place from RANK and WORLD_SIZE.",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
        var timeout = new Option<double>("--timeout")
        {
            Description = "Of several processes: the seconds after which one that does not answer counts as lost. One that ends is noticed at once.",
            HelpName = "SECONDS",
            DefaultValueFactory = _ => ProcessGroup.DefaultTimeout.TotalSeconds,
        };
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
            "rewardkit run scripts/quickstart.fsx --processes 2",
            "rewardkit run mine.fsx --plugins ../my-plugins -- small 3")
        {
            script, fresh, processes, timeout, plugins, verbose,
        };
        command.SetAction(parsed =>
        {
            var (file, says) = (parsed.GetRequiredValue(script), parsed.GetValue(verbose));
            var (count, seconds) = (parsed.GetValue(processes), parsed.GetValue(timeout));
            var starts = false;
            var done = Outcome.Of(says, cancellation =>
            {
                if (count < 1) throw RewardKitException.Input($"--processes {count}: expected a number of processes, at least 1.");
                if (!(seconds > 0 && seconds <= TimeSpan.MaxValue.TotalSeconds / 2)) throw RewardKitException.Input($"--timeout {seconds}: expected seconds, above 0.");
                var place = LocalProcesses.Place();
                var host = new PluginHost(Shared.Catalog(parsed.GetRequiredValue(plugins), file), warn: Console.Error.WriteLine);
                starts = count > 1 && place is null;
                // Compiled once, for all of them.
                if (starts) Program.Scripts(host.Catalog).Prepare(file, Console.Error.WriteLine);
                else
                    Program.RunScript(
                        host, file, arguments, new RunnerOptions(parsed.GetValue(fresh)), ExperimentTerminal.Console(), says, cancellation, place,
                        TimeSpan.FromSeconds(seconds));
            }, whenStopped: parsed.GetValue(fresh) ? ", without --fresh" : "");
            return starts && done == 0 ? LocalProcesses.Run(count) : done;
        });
        return command;
    }
}
