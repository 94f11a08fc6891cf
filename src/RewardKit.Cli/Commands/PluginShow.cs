using System.CommandLine;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit plugin show ID</c>.</summary>
internal static class PluginShow
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var id = new Argument<string>("ID") { Description = "The plugin's id." }.OfPlugins();
        var (plugins, json, verbose) = (Shared.Plugins(), Json.Option(), Shared.Verbose());
        var command = new CommandWithExamples(
            "show",
            "Shows what a plugin is, and its options with their values, defaults and sense. No code of it is loaded.",
            "rewardkit plugin show haf-rm",
            "rewardkit plugin show dpo --json")
        {
            id, plugins, json, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var entries = PluginCatalog.Discover(parsed.GetRequiredValue(plugins)).FindAll(parsed.GetRequiredValue(id));
            if (parsed.GetValue(json)) Json.Print(entries.Select(Facts));
            else Console.WriteLine(string.Join("\n\n", entries.Select(Text)));
        }));
        return command;
    }

    private static string Text(CatalogEntry entry)
    {
        var (plugin, papers, scripts) = (entry.Description, Papers(entry), ShippedScripts.Using(entry.Description));
        string?[] lines =
        [
            $"{plugin.Label}, {entry.Manifest.Name} {entry.Manifest.Version}{(plugin.Paper is { } paper ? $", {paper}" : "")}",
            plugin.Summary,
            plugin.Refusal,
            .. papers.Select(p => string.Join(", ", ((string?[])[$"\"{p.Title}\"", p.Authors, p.Link]).Where(part => part is not null))),
            .. papers.SelectMany(p => p.Checked).Select(check => $"checked: {check}"),
            scripts.Count > 0 ? $"in the scripts {string.Join(", ", scripts)} (rewardkit new {scripts[0]})" : null,
            $"in {entry.Manifest.Package ?? entry.Manifest.Folder}",
            plugin.Options.Count == 0 ? "no options" : null,
            .. plugin.Options.SelectMany(option => new[]
            {
                $"  {option.Name} = {(option.MustBeGiven ? "(must be given)" : OptionText.Show(option.Default))}: {OptionText.Expected(option)}",
                option.Doc is { } doc ? $"      {doc}" : null,
                Setting(papers, option) is { } setting ? $"      the paper: {setting}" : null,
            }),
        ];
        return string.Join('\n', lines.Where(line => line is not null));
    }

    private static IReadOnlyList<PaperDescription> Papers(CatalogEntry entry) =>
        [.. PaperFile.Read(entry.Manifest).Where(paper => paper.Plugins.Contains(PaperFile.NameOf(entry.Description)))];

    private static string? Setting(IReadOnlyList<PaperDescription> papers, OptionDescription option) =>
        papers.Select(paper => paper.Settings.GetValueOrDefault(option.Name)).FirstOrDefault(setting => setting is not null);

    private static object Facts(CatalogEntry entry) => new
    {
        kind = entry.Description.Kind,
        id = entry.Description.Id,
        version = entry.Manifest.Version,
        paper = entry.Description.Paper,
        summary = entry.Description.Summary,
        contract = entry.Manifest.ContractVersion,
        package = entry.Manifest.Package,
        folder = entry.Manifest.Folder,
        refusal = entry.Description.Refusal,
        papers = Papers(entry).Select(paper => new { paper = paper.Paper, title = paper.Title, authors = paper.Authors, link = paper.Link, use = paper.Use, @checked = paper.Checked }),
        scripts = ShippedScripts.Using(entry.Description),
        options = entry.Description.Options.Select(option => new
        {
            name = option.Name,
            type = option.Type,
            @default = option.Default,
            nullable = option.Nullable,
            mustBeGiven = option.MustBeGiven,
            minimum = option.Minimum,
            maximum = option.Maximum,
            choices = option.Choices,
            expected = OptionText.Expected(option),
            summary = option.Doc,
            setting = Setting(Papers(entry), option),
        }),
    };
}
