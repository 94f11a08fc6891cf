using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Conformance;

/// <summary>Tests built plugins, in this process and without a test project.</summary>
public static class ConformanceKit
{
    /// <summary>Tests a plugin, and what applies at its options' bounds.</summary>
    /// <param name="catalog">The catalog it was found in.</param>
    /// <param name="entry">The plugin.</param>
    /// <param name="options">The options it is tested with; what is left out has its default.</param>
    /// <param name="progress">Told of each rule before its test; null for nobody.</param>
    /// <param name="cancellation">Stops between rules.</param>
    /// <exception cref="RewardKitException">It cannot be loaded or made.</exception>
    public static ConformanceReport Test(
        PluginCatalog catalog, CatalogEntry entry, IReadOnlyDictionary<string, object>? options = null, Action<Rule>? progress = null,
        CancellationToken cancellation = default)
    {
        using var session = new PluginHost(catalog).Open();
        var use = new PluginUse(entry.Description.Kind, entry.Description.Id, options ?? new Dictionary<string, object>());
        var subject = Subject(session, use);
        subject.Folder = entry.Manifest.Folder;
        subject.Options = use.Options;
        subject.Make();
        var results = new List<RuleResult>();
        foreach (var rule in Rule.For(use.Kind))
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(rule);
            results.Add(rule.Check(subject));
        }
        return new(entry, use.Options, session.ContentHash(use), results);
    }

    private static Subject Subject(PluginSession session, PluginUse use) => use.Kind switch
    {
        PluginKind.Loss => new LossSubject(() => session.CreateLoss(use)),
        PluginKind.Decoder => new DecoderSubject(() => session.CreateDecoder(use)),
        PluginKind.Composer => new ComposerSubject(() => session.CreateComposer(use)),
        PluginKind.Merger => new MergerSubject(() => session.CreateMerger(use)),
        PluginKind.Augmenter => new AugmenterSubject(() => session.CreateAugmenter(use)),
        PluginKind.Evaluator => new EvaluatorSubject(() => session.CreateEvaluator(use)),
        var kind => throw new NotSupportedException($"There are no rules for a {kind}."),
    };
}

/// <summary>What came of a plugin's test.</summary>
/// <param name="Plugin">The plugin.</param>
/// <param name="Options">The options it was tested with, where not their defaults.</param>
/// <param name="ContentHash">A hash of everything in its folder that it may load or read.</param>
/// <param name="Results">Every rule with its outcome.</param>
public sealed record ConformanceReport(
    CatalogEntry Plugin, IReadOnlyDictionary<string, object> Options, string ContentHash, IReadOnlyList<RuleResult> Results)
{
    /// <summary>Whether no required rule is broken.</summary>
    public bool Passed => !Results.Any(r => r.Fails);
}
