using NUnit.Framework;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Conformance;

/// <summary>The rules for an <see cref="IAugmenter"/> as tests.</summary>
/// <example>
/// <code>
/// public sealed class RewriteConformance : AugmenterConformance
/// {
///     protected override IAugmenter Create() => new RewriteAugmenter(new());
/// }
/// </code>
/// </example>
public abstract class AugmenterConformance : PluginConformance
{
    /// <summary>The rules, each a test.</summary>
    public static IEnumerable<TestCaseData> Rules => Cases(PluginKind.Augmenter);

    /// <summary>Examples of which the augmenter makes some.</summary>
    protected virtual IReadOnlyList<PreferenceExample> Examples => SyntheticPairs.Draw(60, seed: 1);

    /// <summary>The scorer that stands in for the baseline.</summary>
    protected virtual IScorer Baseline => ScriptedScorers.Random(1);

    /// <summary>
    /// What stands in for the text generator: the same request, the same answer. Override it with answers in the form that
    /// the augmenter reads: <c>ScriptedGenerators.Of(prompt => …)</c>.
    /// </summary>
    protected virtual ITextGenerator Generator => ScriptedGenerators.Words();

    /// <summary>What stands in for the texts of the model that a run starts from, likewise.</summary>
    protected virtual ITextGenerator Writer => ScriptedGenerators.Words();

    /// <summary>Tests a rule.</summary>
    /// <param name="rule">The rule.</param>
    [TestCaseSource(nameof(Rules))]
    public void Keeps(Rule rule) => Check(rule);

    /// <summary>Makes the augmenter with the options to test. Called often.</summary>
    protected abstract IAugmenter Create();

    /// <summary>What stands in for a language model: another one for each name.</summary>
    /// <param name="name">One of the augmenter's <see cref="IAugmenter.Policies"/>, or <see cref="AugmentationContext.Start"/>.</param>
    protected virtual IPolicy Policy(string name) => ScriptedPolicies.Named(name);

    private protected override Subject Subject() =>
        new AugmenterSubject(Create) { Examples = Examples, Baseline = Baseline, Generator = Generator, Writer = Writer, Policy = Policy };
}
