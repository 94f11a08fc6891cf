using System.CommandLine;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Cli.Commands;

/// <summary>Options and arguments that several commands have.</summary>
internal static class Shared
{
    public static Option<string[]> Plugins() => new("--plugins")
    {
        Description = "A further folder of plugins, or one plugin's folder. May be repeated. Also: REWARDKIT_PLUGINS.",
        HelpName = "DIR",
        DefaultValueFactory = _ => [],
    };

    /// <summary>The plugins that a script can use: those of the folders, and of the packages near the script.</summary>
    public static PluginCatalog Catalog(string[] plugins, string script) =>
        PluginCatalog.Discover(plugins, Path.GetDirectoryName(Path.GetFullPath(script)));

    public static Option<bool> Verbose() => new("--verbose") { Description = "Print stack traces with errors." };

    public static Argument<string> Script() => new("SCRIPT") { Description = "The F# script, an .fsx file." };
}
