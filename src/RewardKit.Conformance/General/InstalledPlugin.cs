using System.Runtime.CompilerServices;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using TorchSharp;

namespace RewardKit.Conformance;

/// <summary>A plugin as its build left it in a folder.</summary>
/// <param name="Catalog">The folder's catalog.</param>
/// <param name="Entry">The plugin in it.</param>
/// <param name="Options">The options it is tested with.</param>
internal sealed record InstalledPlugin(PluginCatalog Catalog, CatalogEntry Entry, IReadOnlyDictionary<string, object> Options)
{
    public PluginManifest Manifest => Entry.Manifest;

    public PluginDescription Description => Entry.Description;

    /// <summary>The installed form of a subject.</summary>
    /// <exception cref="NotTestedException">The subject's folder is not known.</exception>
    /// <exception cref="RewardKitException">The folder has no such plugin.</exception>
    public static InstalledPlugin Of(Subject subject)
    {
        if (subject.Folder is not { } folder)
            throw Verdict.NotTested(
                "The folder that the plugin's build wrote is not known: there is no plugin.json beside its assembly. `rewardkit conformance` "
                + "tests this, and so does a test project that references the plugin's project and the package RewardKit.Conformance.");
        var catalog = PluginCatalog.Of(folder);
        return new(catalog, catalog.Find(subject.Kind, subject.Id ?? ""), subject.Options);
    }

    /// <summary>The same, once it is sure that it can be loaded.</summary>
    /// <exception cref="NotTestedException">It cannot, or its folder is not known.</exception>
    public static InstalledPlugin Loaded(Subject subject)
    {
        try
        {
            var installed = Of(subject);
            using var session = installed.Open();
            installed.Make(session, installed.Use());
            return installed;
        }
        catch (RewardKitException e)
        {
            throw Verdict.NotTested($"It could not be loaded from its folder, see G01: {e.Message}");
        }
    }

    public PluginSession Open() => new PluginHost(Catalog).Open();

    /// <summary>A use of the plugin with the options it is tested with.</summary>
    public PluginUse Use() => new(Description.Kind, Description.Id, Options);

    /// <summary>The same with one of them turned.</summary>
    public PluginUse Use(string option, object? value) => Use() with { Options = new Dictionary<string, object>(Options) { [option] = value! } };

    public object Make(PluginSession session, PluginUse use) => use.Kind switch
    {
        PluginKind.Loss => session.CreateLoss(use),
        PluginKind.Augmenter => session.CreateAugmenter(use),
        PluginKind.Evaluator => session.CreateEvaluator(use),
        PluginKind.Decoder => session.CreateDecoder(use),
        PluginKind.Composer => session.CreateComposer(use),
        PluginKind.Merger => session.CreateMerger(use),
        var other => throw new NotSupportedException($"How to make a {other} is not known."),
    };

    /// <summary>Loads the plugin, uses it, and ends the session.</summary>
    /// <returns>The host, which knows whether it goes.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static PluginHost UseAndEnd(Subject subject)
    {
        var installed = Of(subject);
        var host = new PluginHost(installed.Catalog);
        using var session = host.Open();
        var use = installed.Use();
        subject.Over(session, use).Use(installed.Make(session, use), 0, 5, torch.CPU);
        return host;
    }
}
