using System.CommandLine;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit check SCRIPT</c>.</summary>
internal static class CheckCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var script = Shared.Script();
        var plugins = Shared.Plugins();
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "check",
            """
            Compiles a script without running it, and lists its errors as file(line,column).
            Also writes rewardkit.fsx beside it, from which editors know the installed plugins.
            """,
            "rewardkit check scripts/quickstart.fsx")
        {
            script, plugins, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var file = parsed.GetRequiredValue(script);
            foreach (var warning in Program.Scripts(Shared.Catalog(parsed.GetRequiredValue(plugins), parsed.GetRequiredValue(script))).Check(file))
                Console.Error.WriteLine(warning);
            Console.WriteLine($"{file}: no errors");
        }));
        return command;
    }
}
