using System.CommandLine;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Plugins.Packages;

namespace RewardKit.Cli.Commands;

/// <summary><c>rewardkit plugin add|remove|update|restore</c>: plugin packages, by NuGet.</summary>
internal static class PluginPackageCommands
{
    private const string Where =
        "\nThe packages are named in rewardkit.plugins.proj, in this folder or the nearest one above that has it; scripts below it find them. ";

    public static Command Add()
    {
        var id = Id("The package's id.");
        var version = new Option<string?>("--version") { Description = "The version. Default: the newest.", HelpName = "VERSION" };
        var source = new Option<string?>("--source")
        {
            Description = "A further source of packages, which the project remembers: a folder or an address. Others, and credentials, stand in nuget.config.",
            HelpName = "SOURCE",
        };
        var prerelease = Prerelease();
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "add",
            "Adds a package." + Where + "Plugins are code, and run with your rights: add those you trust. Their files are pinned by hash, and refused when they change.",
            "rewardkit plugin add Acme.Margin",
            "rewardkit plugin add Acme.Margin --version 1.2.0 --source ../packages")
        {
            id, version, source, prerelease, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var packages = PluginPackages.NearOrIn(Directory.GetCurrentDirectory());
            Print(packages.Add(parsed.GetRequiredValue(id), parsed.GetValue(version), parsed.GetValue(source), parsed.GetValue(prerelease), cancellation));
            Console.WriteLine($"named in {packages.Project}");
        }));
        return command;
    }

    public static Command Remove()
    {
        var id = Id("The package's id.");
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples("remove", "Removes a package." + Where, "rewardkit plugin remove Acme.Margin") { id, verbose };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var packages = PluginPackages.NearOrIn(Directory.GetCurrentDirectory());
            packages.Remove(parsed.GetRequiredValue(id), cancellation);
            Console.WriteLine($"removed {parsed.GetRequiredValue(id)} from {packages.Project}");
        }));
        return command;
    }

    public static Command Update()
    {
        var id = Id("The package's id; without one, all packages.");
        id.Arity = ArgumentArity.ZeroOrOne;
        var (prerelease, verbose) = (Prerelease(), Shared.Verbose());
        var command = new CommandWithExamples("update", "Takes the newest versions of packages." + Where, "rewardkit plugin update", "rewardkit plugin update Acme.Margin")
        {
            id, prerelease, verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            var updates = PluginPackages.NearOrIn(Directory.GetCurrentDirectory()).Update(parsed.GetValue(id), parsed.GetValue(prerelease), cancellation);
            foreach (var (package, before, now) in updates)
                Console.WriteLine(before == now ? $"{package} {now} is the newest" : $"{package} {before} -> {now}");
        }));
        return command;
    }

    public static Command Restore()
    {
        var verbose = Shared.Verbose();
        var command = new CommandWithExamples(
            "restore", "Restores the packages that the project and its lock files name, as after a fresh clone." + Where, "rewardkit plugin restore")
        {
            verbose,
        };
        command.SetAction(parsed => Outcome.Of(parsed.GetValue(verbose), cancellation =>
        {
            foreach (var manifest in PluginPackages.NearOrIn(Directory.GetCurrentDirectory()).Restore(cancellation)) Print(manifest);
        }));
        return command;
    }

    private static Argument<string> Id(string description) => new("ID") { Description = description };

    private static Option<bool> Prerelease() => new("--prerelease") { Description = "The newest may be a prerelease." };

    private static void Print(PluginManifest manifest) =>
        Console.WriteLine($"{manifest.Package}: {string.Join(", ", manifest.Plugins.Select(plugin => plugin.Label))}");
}
