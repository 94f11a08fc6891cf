using NUnit.Framework;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Conformance;

/// <summary>
/// What the fixtures of all contracts share. Inherit the one of your plugin's contract, and say how the plugin is made; each
/// rule is then a test. A rule that does not apply, or that no kit can test, shows as ignored with the reason; an optional
/// one that is broken shows as a warning.
/// </summary>
[TestFixture]
public abstract class PluginConformance
{
    private protected PluginConformance() { }

    /// <summary>
    /// What the plugin promises beyond its contract; null takes it from its attribute, as in
    /// <c>[Loss("mine", Traits = PluginTraits.ThreadSafe)]</c>.
    /// </summary>
    protected virtual PluginTraits? Traits => null;

    /// <summary>
    /// The folder that the plugin's build wrote, with its <c>plugin.json</c>; null where there is none. Found beside the
    /// plugin's assembly, and where the package's build copies it to.
    /// </summary>
    protected virtual string? Folder => FindFolder(Subject().Make().GetType().Assembly.Location);

    /// <summary>
    /// The options, under the names that scripts use, that it has in the tests that load it from its folder; needed only where
    /// it cannot be made with its defaults.
    /// </summary>
    protected virtual IReadOnlyDictionary<string, object> Options { get; } = new Dictionary<string, object>();

    private protected abstract Subject Subject();

    private protected static IEnumerable<TestCaseData> Cases(PluginKind kind) =>
        Rule.For(kind).Select(rule => new TestCaseData(rule).SetName(rule.Name).SetDescription(rule.Protects));

    private protected void Check(Rule rule)
    {
        var subject = Subject();
        subject.Folder = Folder;
        subject.Options = Options;
        if (Traits is { } traits) subject.Traits = traits;
        var result = rule.Check(subject);
        var text = $"{rule.Id}, {rule.Title}: {result.Explanation}";
        if (result.Fails) Assert.Fail(text);
        else if (result.Outcome == RuleOutcome.Failed) Assert.Warn(text);
        else if (result.Outcome == RuleOutcome.NotTested) Assert.Ignore(rule.Kind == RuleKind.Untested ? text : result.Message!);
    }

    private static string? FindFolder(string assembly)
    {
        if (assembly.Length == 0) return null;
        string[] places = [Path.GetDirectoryName(assembly)!, Path.Combine(AppContext.BaseDirectory, "plugins", Path.GetFileNameWithoutExtension(assembly))];
        return places.FirstOrDefault(folder =>
            File.Exists(Path.Combine(folder, PluginManifest.FileName)) && PluginManifest.Read(folder).Assembly == Path.GetFileName(assembly));
    }
}
