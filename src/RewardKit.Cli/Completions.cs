using System.CommandLine;
using System.CommandLine.Completions;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Runs;

namespace RewardKit.Cli;

/// <summary>What a shell offers for a word that is being written; files are the shell's own business.</summary>
internal static class Completions
{
    /// <summary>Offers the ids of installed plugins, from their manifests.</summary>
    /// <param name="argument">The argument that takes an id.</param>
    /// <param name="kind">The kind; null for all.</param>
    public static Argument<T> OfPlugins<T>(this Argument<T> argument, PluginKind? kind = null)
    {
        // Else help would show all of them.
        argument.HelpName = argument.Name;
        argument.CompletionSources.Add(_ => Quietly(() => Plugins(kind)));
        return argument;
    }

    /// <summary>Offers the ids of installed plugins, from their manifests.</summary>
    /// <param name="option">The option that takes an id.</param>
    /// <param name="kind">The kind.</param>
    public static Option<T> OfPlugins<T>(this Option<T> option, PluginKind kind)
    {
        option.CompletionSources.Add(_ => Quietly(() => Plugins(kind)));
        return option;
    }

    /// <summary>Offers the ids of runs.</summary>
    /// <param name="argument">The argument that takes ids.</param>
    /// <param name="runs">The option that names their folder.</param>
    public static Argument<T> OfRuns<T>(this Argument<T> argument, Option<string> runs)
    {
        argument.HelpName = argument.Name;
        argument.CompletionSources.Add(context => Quietly(() =>
            context.ParseResult.GetValue(runs) is { } folder && Directory.Exists(folder) ? new RunIndex(folder, _ => { }).All().Select(run => run.Id) : []));
        return argument;
    }

    private static IEnumerable<string> Plugins(PluginKind? kind) =>
        PluginCatalog.Discover([]).Plugins.Select(p => p.Description).Where(p => kind is null || p.Kind == kind).Select(p => p.Id).Distinct();

    // Whoever presses Tab wants no message: what is wrong is told when the command is given.
    private static CompletionItem[] Quietly(Func<IEnumerable<string>> names)
    {
        try
        {
            return [.. names().Select(name => new CompletionItem(name))];
        }
        catch (Exception e) when (e is RewardKitException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
