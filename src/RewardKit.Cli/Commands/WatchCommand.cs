using System.CommandLine;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit watch SCRIPT</c>.</summary>
internal static class WatchCommand
{
    /// <summary>The command.</summary>
    /// <param name="arguments">The script's own arguments.</param>
    public static Command Create(string[] arguments)
    {
        var script = Shared.Script();
        var plugins = Shared.Plugins();
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "watch",
            """
            Runs a script, and again whenever the script, what it loads or a plugin of it changes. What the change
            does not touch is found again, not repeated. A plugin that cannot be loaded leaves the earlier one in use.
            A run that is under way goes on with the plugins it began with. Ctrl-C ends it.
            """,
            "rewardkit watch scripts/quickstart.fsx",
            "rewardkit watch mine.fsx --plugins ../my-plugins -- small 3")
        {
            script, plugins, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            using var watch = new ScriptWatch(
                parsed.GetRequiredValue(script), arguments, parsed.GetRequiredValue(plugins), parsed.GetValue(verbose));
            watch.Run(cancellation);
        }));
        return command;
    }
}
