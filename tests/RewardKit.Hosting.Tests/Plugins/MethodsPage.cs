using System.Globalization;
using System.Text;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Hosting.Tests.Plugins;

/// <summary>The index of papers: what manifests and papers.json say, and which scripts use what.</summary>
internal static class MethodsPage
{
    private const int MostScripts = 4;

    private const string Head =
        """
        # Methods

        Every method that ships with RewardKit: its paper, what a script writes for it, and where its choices and omissions are told. Below
        the tables stand, paper by paper, its settings as options with their defaults, and what has been checked against what. Written from
        the manifests; `rewardkit plugin show ID` says the same of what is installed, others' plugins included.

        """;

    private static readonly (string Title, PluginKind[] Kinds, string Before, string After)[] s_sections =
    [
        ("Losses and data", [PluginKind.Loss, PluginKind.Augmenter], "",
            """
            An arm takes one loss and any augmenters before it. `Augment.crome...`, `Augment.criticRm` and some evaluators have text
            written by a language model: [text generation](text-generation.md). Whether the methods do what they are for is tried in a world
            whose true reward is known: [synthetic-world.fsx](../scripts/synthetic-world.fsx).

            """),
        ("Decoders", [PluginKind.Decoder],
            """
            `rewardkit generate MODEL --decoder ID` answers prompts with a model that others steer: `--guide FOLDER=WEIGHT` names a language
            model, `--reward FOLDER=WEIGHT` a reward model, and `--set NAME=VALUE` an option. In a script it is a function of `Decode`, as
            `Decoding.answer (model, prompts, by = Decode.genArm (), guides = [ guide, 0.5 ])`: [decoding](decoding.md). With every weight zero the model alone answers.

            """, ""),
        ("Mergers", [PluginKind.Merger], "`rewardkit model merge ID FOLDER=WEIGHT …` makes one model of several without training.\n", ""),
        ("Scorers", [PluginKind.Composer], "What makes one scorer of others, or of a text generator, where an arm scores: a function of `Score`.\n", ""),
        ("Evaluators", [PluginKind.Evaluator], "", ""),
    ];

    /// <summary>Writes the page.</summary>
    /// <param name="catalog">The plugins.</param>
    /// <param name="scripts">The folder of the scripts.</param>
    public static string Write(PluginCatalog catalog, string scripts)
    {
        var texts = Directory.GetFiles(scripts, "*.fsx").Order(StringComparer.Ordinal).Select(file => (Name: Path.GetFileName(file), Text: File.ReadAllText(file))).ToArray();
        var entries = catalog.Plugins.GroupBy(p => p.Manifest.Name).OrderBy(g => g.Key, StringComparer.Ordinal).SelectMany(folder => Entries([.. folder], texts)).ToArray();
        var page = new StringBuilder(Head);
        foreach (var (title, kinds, before, after) in s_sections)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n{before}{(before == "" ? "" : "\n")}| paper | use | told in |\n| --- | --- | --- |\n");
            foreach (var entry in entries.Where(e => e.Plugins.Any(p => kinds.Contains(p.Kind))))
                page.Append(CultureInfo.InvariantCulture, $"| {entry.Named} | {entry.Paper.Use} | [{entry.Folder}](../plugins/{entry.Folder}/README.md){entry.Scripts} |\n");
            if (after != "") page.Append(CultureInfo.InvariantCulture, $"\n{after}");
        }
        page.Append("\n## Paper by paper\n\nSettings of the paper that are options, with the plugin's default. The paper's other settings (learning rate, batch, model) are the\nscript's own, and what is not known of them each plugin's page says. Every plugin keeps the rules of its contract, too: [conformance](conformance.md).\n");
        foreach (var entry in entries) Detail(page, entry);
        return page.ToString().ReplaceLineEndings("\n");
    }

    private static void Detail(StringBuilder page, Entry entry)
    {
        var paper = entry.Paper;
        page.Append(CultureInfo.InvariantCulture, $"\n### {paper.Title}\n\n");
        string?[] facts = [paper.Authors, paper.Link is null ? paper.Paper : $"[{paper.Paper}]({paper.Link})", string.Join(", ", entry.Plugins.Select(p => $"{p.Kind.ToString().ToLowerInvariant()} `{p.Id}`"))];
        page.Append(CultureInfo.InvariantCulture, $"{string.Join("; ", facts.Where(f => f is not null))}.\n");
        if (paper.Settings.Count > 0)
        {
            page.Append("\n| option | default | in the paper |\n| --- | --- | --- |\n");
            foreach (var (name, setting) in paper.Settings)
            {
                var owners = entry.Plugins.Select(p => (Plugin: p, Option: p.Options.FirstOrDefault(o => o.Name == name))).Where(o => o.Option is not null).ToArray();
                var defaults = owners.Select(o => OptionText.Show(o.Option!.Default)).Distinct().ToArray();
                // Where the plugins differ, each says its own.
                var shown = defaults.Length == 1 ? $"`{defaults[0]}`" : string.Join(", ", owners.Select(o => $"`{OptionText.Show(o.Option!.Default)}` of `{o.Plugin.Id}`"));
                page.Append(CultureInfo.InvariantCulture, $"| `{name}` | {shown} | {setting.Replace("|", "\\|")} |\n");
            }
        }
        if (paper.Checked.Count > 0) page.Append(CultureInfo.InvariantCulture, $"\nChecked: {string.Join("; ", paper.Checked)}.\n");
    }

    private static IEnumerable<Entry> Entries(CatalogEntry[] folder, (string Name, string Text)[] scripts)
    {
        PluginDescription[] plugins = [.. folder.Select(p => p.Description)];
        var papers = PaperFile.Read(folder[0].Manifest);
        foreach (var paper in papers)
            yield return Of(paper, [.. plugins.Where(p => paper.Plugins.Contains(PaperFile.NameOf(p)))]);
        // A plugin of which nobody says more has its manifest.
        foreach (var plugin in plugins.Where(p => !papers.Any(paper => paper.Plugins.Contains(PaperFile.NameOf(p)))))
            yield return Of(new() { Paper = plugin.Paper, Title = plugin.Id, Plugins = [PaperFile.NameOf(plugin)], Use = ScriptCall.Of(plugin) is { } call ? $"`{call} ()`" : "" }, [plugin]);

        Entry Of(PaperDescription paper, PluginDescription[] of)
        {
            string[] calls = [.. of.Select(ScriptCall.Of).OfType<string>()];
            string[] found = [.. scripts.Where(s => calls.Any(call => ScriptCall.IsIn(s.Text, call))).Select(s => $"[{s.Name}](../scripts/{s.Name})")];
            var more = found.Length > MostScripts ? $" and {found.Length - MostScripts} more" : "";
            return new(folder[0].Manifest.Name, paper, of, found.Length == 0 ? "" : $", {string.Join(", ", found.Take(MostScripts))}{more}");
        }
    }

    private sealed record Entry(string Folder, PaperDescription Paper, PluginDescription[] Plugins, string Scripts)
    {
        public string Named => Paper.Link is not null ? $"{Paper.Title}, [{Paper.Paper}]({Paper.Link})" : Paper.Paper is null ? Paper.Title : $"{Paper.Title}, {Paper.Paper}";
    }
}
