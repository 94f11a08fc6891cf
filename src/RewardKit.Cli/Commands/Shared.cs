using System.CommandLine;
using System.Globalization;
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

    /// <summary>A folder and its weight, as <c>models/a=0.5</c>; without one it is 1.</summary>
    public static (string Folder, double Weight) Weighted(string text)
    {
        // A folder's name may have an equals sign of its own.
        var equals = text.LastIndexOf('=');
        if (Directory.Exists(text) || equals < 1) return (text, 1);
        return double.TryParse(text[(equals + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) && double.IsFinite(weight)
            ? (text[..equals], weight)
            : throw RewardKitException.Input($"\"{text}\": expected a folder and its weight, as models/a=0.5.");
    }

    public static Option<bool> Verbose() => new("--verbose") { Description = "Print stack traces with errors." };

    public static Argument<string> Script() => new("SCRIPT") { Description = "The F# script, an .fsx file." };
}
