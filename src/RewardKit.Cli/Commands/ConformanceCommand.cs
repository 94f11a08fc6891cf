using System.CommandLine;
using System.Globalization;
using System.Text;
using RewardKit.Conformance;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Reports;
using Spectre.Console;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit conformance PATH|ID</c>.</summary>
internal static class ConformanceCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var plugin = new Argument<string>("PATH|ID") { Description = "A built plugin's folder, or the id of an installed plugin." }.OfPlugins();
        var plugins = Shared.Plugins();
        var set = new Option<string[]>("--set")
        {
            Description = "An option of the plugin, other than its default. May be repeated.",
            HelpName = "NAME=VALUE",
            DefaultValueFactory = _ => [],
        };
        var certificate = new Option<string?>("--certificate") { Description = "Write rules, results and environment as JSON.", HelpName = "FILE" };
        var junit = new Option<string?>("--junit") { Description = "Write the results as JUnit XML, for build servers.", HelpName = "FILE" };
        var (json, verbose) = (Json.Option(), Shared.Verbose());
        var command = new CommandWithExamples(
            "conformance",
            """
            Tests a built plugin against the rules of its contract, and says what each broken one protects and how to repair it.
            Exit code 0 if every required rule holds, 1 if one is broken. The plugin's code runs with your rights.
            """,
            "rewardkit conformance haf-rm",
            "rewardkit conformance haf-rm --set policyLoss=simpo",
            "rewardkit conformance bin/Release/net10.0 --certificate conformance.json --junit conformance.xml")
        {
            plugin, plugins, set, certificate, junit, json, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var (catalog, entries) = Find(parsed.GetRequiredValue(plugin), parsed.GetRequiredValue(plugins));
            var settings = parsed.GetRequiredValue(set);
            if (settings.Length > 0 && entries.Count > 1)
                throw RewardKitException.Input($"--set is for one plugin, but there are {string.Join(", ", entries.Select(e => $"the {e.Description.Label}"))}: name one by its id, with --plugins {entries[0].Manifest.Folder}.");
            foreach (var entry in entries) catalog.Validate(OptionText.Use(entry.Description, settings));
            // With --json, standard output has that alone.
            var console = parsed.GetValue(json) ? null : ExperimentTerminal.Console();
            var reports = entries.Select(entry => Test(catalog, OptionText.Use(entry.Description, settings), entry, console, cancellation)).ToList();
            if (console is null) Console.Write(Certificate.Write(reports));
            foreach (var (file, text) in new[] { (parsed.GetValue(certificate), Certificate.Write(reports)), (parsed.GetValue(junit), JUnitXml.Write(reports)) })
            {
                if (file is null) continue;
                AtomicFile.Write(Path.GetFullPath(file), Encoding.UTF8.GetBytes(text));
                console?.WriteLine($"written: {file}");
            }
            var broken = reports.Sum(r => r.Results.Count(result => result.Fails));
            if (broken > 0) throw RewardKitException.Failure($"{broken} required {(broken == 1 ? "rule is" : "rules are")} broken.");
        }));
        return command;
    }

    private static (PluginCatalog, IReadOnlyList<CatalogEntry>) Find(string plugin, string[] folders)
    {
        if (Directory.Exists(plugin) || plugin.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            var one = PluginCatalog.Of(plugin);
            var found = one.Plugins.Where(p => p.Manifest.Folder == one.Plugins[0].Manifest.Folder).ToList();
            return found.Count == one.Plugins.Count ? (one, found) : throw RewardKitException.Input(
                $"{plugin} holds several plugin folders: {string.Join(", ", one.Plugins.Select(p => p.Manifest.Folder).Distinct())}. Name one of them.");
        }
        var catalog = PluginCatalog.Discover(folders);
        return (catalog, catalog.FindAll(plugin, " A plugin that is not installed is named by the folder that its build wrote."));
    }

    private static ConformanceReport Test(PluginCatalog catalog, PluginUse use, CatalogEntry entry, IAnsiConsole? console, CancellationToken cancellation)
    {
        var report = console?.Profile.Capabilities.Interactive == true
            ? console.Status().Start(entry.Description.Label, status =>
                ConformanceKit.Test(catalog, entry, use.Options, rule => status.Status(Markup.Escape($"{rule.Id} {rule.Title}")), cancellation))
            : ConformanceKit.Test(catalog, entry, use.Options, null, cancellation);
        if (console is not null) Print(report, use, entry, console);
        return report;
    }

    private static void Print(ConformanceReport report, PluginUse use, CatalogEntry entry, IAnsiConsole console)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("rule", "", "", "result");
        var options = string.Concat(use.Options.Select(o => string.Create(CultureInfo.InvariantCulture, $", {o.Key} = {o.Value ?? "null"}")));
        table.Title = new(Markup.Escape($"{entry.Description.Label}, {entry.Manifest.Name} {entry.Manifest.Version}{options}"));
        foreach (var result in report.Results)
        {
            var (word, colour) = result switch
            {
                { Outcome: RuleOutcome.Passed } => ("passed", "green"),
                { Fails: true } => ("BROKEN", "red"),
                { Outcome: RuleOutcome.Failed } => ("not kept", "yellow"),
                _ => ("untested", "grey"),
            };
            table.AddRow(result.Rule.Id, result.Rule.Kind.ToString().ToLowerInvariant(), Markup.Escape(result.Rule.Title), $"[{colour}]{word}[/]");
        }
        console.Write(table);
        foreach (var result in report.Results.Where(r => r.Outcome == RuleOutcome.Failed))
            console.WriteLine($"{result.Rule.Id}, {result.Rule.Title}: {result.Explanation}\n");
        foreach (var result in report.Results.Where(r => r.Outcome == RuleOutcome.NotTested && r.Rule.Kind != RuleKind.Untested))
            console.WriteLine($"{result.Rule.Id} untested: {result.Message}");
        console.WriteLine($"{entry.Description.Label}: {(report.Passed ? "keeps every required rule" : "breaks required rules")}");
    }
}
