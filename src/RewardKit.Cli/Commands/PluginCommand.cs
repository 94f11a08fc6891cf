using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit plugin list|add|remove|update|restore</c>.</summary>
internal static class PluginCommand
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create() => new("plugin", "Shows what is installed, and installs packages.")
    {
        List(), PluginPackageCommands.Add(), PluginPackageCommands.Remove(), PluginPackageCommands.Update(), PluginPackageCommands.Restore(),
    };

    private static Command List()
    {
        var plugins = Shared.Plugins();
        var json = new Option<bool>("--json") { Description = "Print a JSON array." };
        var verbose = Shared.Verbose();
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

    private static void PrintJson(PluginCatalog catalog)
    {
        using var output = Console.OpenStandardOutput();
        using (var json = new Utf8JsonWriter(output, new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            foreach (var (manifest, plugin) in catalog.Plugins)
            {
                json.WriteStartObject();
                json.WriteString("kind", plugin.Kind.ToString().ToLowerInvariant());
                json.WriteString("id", plugin.Id);
                json.WriteString("version", manifest.Version);
                json.WriteString("paper", plugin.Paper);
                json.WriteNumber("contract", manifest.ContractVersion);
                json.WriteString("package", manifest.Package);
                json.WriteString("folder", manifest.Folder);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        output.WriteByte((byte)'\n');
    }
}
