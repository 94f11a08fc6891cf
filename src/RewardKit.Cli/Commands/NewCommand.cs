using System.CommandLine;
using RewardKit.Training.Data;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit new [SCRIPT [FILE]]</c>.</summary>
internal static class NewCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var from = new Argument<string?>("SCRIPT") { Description = "The script to begin with, by name; without one, they are listed.", HelpName = "SCRIPT", Arity = ArgumentArity.ZeroOrOne };
        from.CompletionSources.Add(_ => ShippedScripts.Names.Select(name => new System.CommandLine.Completions.CompletionItem(name)));
        var file = new Argument<string?>("FILE") { Description = "The new file. Default: SCRIPT.fsx in this folder.", Arity = ArgumentArity.ZeroOrOne };
        var json = Json.Option();
        var plugins = Shared.Plugins();
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "new",
            """
            Begins a script with one of those that come with RewardKit, and brings the data and tokenizers that it names.
            Files that are there already stay as they are; the script itself must be new.
            """,
            "rewardkit new",
            "rewardkit new --json",
            "rewardkit new sweep",
            "rewardkit new custom-loss mine.fsx")
        {
            from, file, json, plugins, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            if (parsed.GetValue(from) is not { } name)
            {
                if (parsed.GetValue(json))
                {
                    Json.Print(ShippedScripts.Names.Select(known => new { name = known, summary = ShippedScripts.SummaryOf(known) }));
                    return;
                }
                var widest = ShippedScripts.Names.Max(known => known.Length);
                foreach (var known in ShippedScripts.Names) Console.WriteLine($"{known.PadRight(widest)}  {ShippedScripts.SummaryOf(known)}");
                return;
            }
            if (!ShippedScripts.Names.Contains(name))
                throw RewardKitException.Input($"There is no script \"{name}\" to begin with.{NearNames.Sentence(name, ShippedScripts.Names)} `rewardkit new` lists them.");
            var target = Path.GetFullPath(parsed.GetValue(file) ?? name + ".fsx");
            if (!target.EndsWith(".fsx", StringComparison.Ordinal)) target += ".fsx";
            if (File.Exists(target)) throw RewardKitException.Input($"{target} is there already. Name another file: rewardkit new {name} FILE.fsx");
            var folder = Path.GetDirectoryName(target)!;
            NewFiles.Write(folder, () =>
            {
                var (written, kept) = ShippedScripts.Copy(name, target);
                Program.Scripts(Shared.Catalog(parsed.GetRequiredValue(plugins), target)).Generate(folder);
                new NewFiles(folder, written, kept).Tell();
                Console.WriteLine($"Next: rewardkit run {Path.GetRelativePath(Environment.CurrentDirectory, target)}");
            });
        }));
        return command;
    }
}
