using System.CommandLine;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Scripting;

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
            var catalog = Shared.Catalog(parsed.GetRequiredValue(plugins), parsed.GetRequiredValue(script));
            var options = new RunnerOptions(parsed.GetValue(fresh));
            var failures = new List<RunFailure>();
            var context = new ScriptContext(
                parsed.GetRequiredValue(script), arguments, spec =>
                {
                    var result = Program.RunExperiment(spec, catalog, options, cancellation);
                    failures.AddRange(result.Failures);
                    return result;
                },
                cancellation);
            Program.Scripts(catalog).Run(context, Console.Error.WriteLine);
            // The script has done what it could with the rest.
            if (failures.Count > 0)
                throw RewardKitException.Failure(string.Join('\n', failures.Select(f => parsed.GetValue(verbose) ? f.Details : f.Message)));
        }));
        return command;
    }
}
