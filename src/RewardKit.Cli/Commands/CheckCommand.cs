using System.CommandLine;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit check SCRIPT</c>.</summary>
internal static class CheckCommand
{
    /// <summary>The command.</summary>
    /// <param name="arguments">The script's own arguments.</param>
    public static Command Create(string[] arguments)
    {
        var script = Shared.Script();
        var compileOnly = new Option<bool>("--compile-only") { Description = "Run nothing of the script." };
        var plugins = Shared.Plugins();
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "check",
            """
            Finds mistakes in a script without training: compiles it, runs it as far as its first experiment, and checks that one:
            methods with their options, data to the last record, the model's files. Says which runs are finished already.
            Also writes rewardkit.fsx beside the script, from which editors know the installed plugins.
            """,
            "rewardkit check scripts/quickstart.fsx",
            "rewardkit check scripts/quickstart.fsx --compile-only",
            "rewardkit check mine.fsx -- small 3")
        {
            script, compileOnly, plugins, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var file = parsed.GetRequiredValue(script);
            var host = new PluginHost(Shared.Catalog(parsed.GetRequiredValue(plugins), file), warn: Console.Error.WriteLine);
            foreach (var warning in Program.Scripts(host.Catalog).Check(file))
                Console.Error.WriteLine(warning);
            var found = parsed.GetValue(compileOnly) ? null : ScriptCheck.Run(host, file, arguments, cancellation);
            Console.WriteLine($"{file}: no errors");
            if (found is not null) Console.WriteLine(found);
        }));
        return command;
    }
}
