using System.CommandLine;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Plugins.Packages;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit init [FOLDER]</c>.</summary>
internal static class InitCommand
{
    private const string Ignored =
        """
        # results, and what rewardkit writes for editors
        runs/
        rewardkit.fsx
        bin/
        obj/

        """;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER") { Description = "The folder; made where it is not there.", DefaultValueFactory = _ => "." };
        var plugins = Shared.Plugins();
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "init",
            """
            Sets up a folder for experiments: a first script with a little data to run it on, rewardkit.fsx for editors,
            rewardkit.plugins.proj for plugin packages, and .gitignore. Files that are there already stay as they are.
            """,
            "rewardkit init",
            "rewardkit init my-experiments")
        {
            folder, plugins, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), _ =>
        {
            var place = Path.GetFullPath(parsed.GetRequiredValue(folder));
            NewFiles.Write(place, () =>
            {
                var (written, kept) = ShippedScripts.Copy("first", Path.Combine(place, "first.fsx"));
                var files = new NewFiles(place, written, kept);
                files.Add(".gitignore", Ignored);
                files.Add(Path.GetFileName(PluginPackages.NearOrIn(place).Project), PluginPackages.EmptyProject);
                Program.Scripts(Shared.Catalog(parsed.GetRequiredValue(plugins), Path.Combine(place, "first.fsx"))).Generate(place);
                files.Tell();
                var inside = Path.GetRelativePath(Environment.CurrentDirectory, place);
                Console.WriteLine($"Next: {(inside == "." ? "" : $"cd {inside} && ")}rewardkit run first.fsx");
            });
        }));
        return command;
    }
}
