using System.CommandLine;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit plugin list|add|remove|update|restore</c>.</summary>
internal static class PluginCommand
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create() => new CommandWithExamples(
        "plugin", "Shows what is installed, and installs packages.", "rewardkit plugin list", "rewardkit plugin show haf-rm", "rewardkit plugin add Acme.Margin")
    {
        List(), PluginShow.Create(), PluginPackageCommands.Add(), PluginPackageCommands.Remove(), PluginPackageCommands.Update(), PluginPackageCommands.Restore(),
    };

    private static Command List()
    {
        var plugins = Shared.Plugins();
        var (json, verbose) = (Json.Option(), Shared.Verbose());
        var command = new CommandWithExamples(
            "list",
            """
            Lists the installed plugins, as their manifests describe them; no code of theirs is loaded.
            """,
            "rewardkit plugin list",
            "rewardkit plugin list --plugins ../my-plugins --json")
        {
            plugins, json, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var catalog = PluginCatalog.Discover(parsed.GetRequiredValue(plugins));
            if (parsed.GetValue(json)) PrintJson(catalog);
            else PrintTable(catalog);
            foreach (var rejected in catalog.Rejected)
                Console.Error.WriteLine($"Not usable: {rejected}");
        }));
        return command;
    }

    private static void PrintTable(PluginCatalog catalog)
    {
        if (catalog.Plugins.Count == 0)
        {
            Console.WriteLine($"No plugin is installed. Add a package with `rewardkit plugin add ID`, or name a folder with --plugins DIR or {PluginCatalog.FoldersVariable}.");
            return;
        }
        string[][] rows =
        [
            ["KIND", "ID", "VERSION", "PAPER", "CONTRACT", "SOURCE"],
            .. catalog.Plugins.Select(p => (string[])
            [
                p.Description.Kind.ToString().ToLowerInvariant(), p.Description.Id, p.Manifest.Version,
                p.Description.Paper ?? "-", $"{p.Manifest.ContractVersion}", p.Manifest.Package ?? p.Manifest.Folder,
            ]),
        ];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            Console.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    private static void PrintJson(PluginCatalog catalog) => Json.Print(catalog.Plugins.Select(plugin => new
    {
        kind = plugin.Description.Kind,
        id = plugin.Description.Id,
        version = plugin.Manifest.Version,
        paper = plugin.Description.Paper,
        contract = plugin.Manifest.ContractVersion,
        package = plugin.Manifest.Package,
        folder = plugin.Manifest.Folder,
    }));
}
