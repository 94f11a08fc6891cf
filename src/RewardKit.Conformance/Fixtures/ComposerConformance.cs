using NUnit.Framework;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Conformance;

/// <summary>The rules for an <see cref="IScorerComposer"/> as tests.</summary>
public abstract class ComposerConformance : PluginConformance
{
    /// <summary>The rules, each a test.</summary>
    public static IEnumerable<TestCaseData> Rules => Cases(PluginKind.Composer);

    /// <summary>
    /// What stands in for the text generator: the same request, the same answer. Override it with answers in the form that
    /// the composer reads: <c>ScriptedGenerators.Of(prompt => …)</c>.
    /// </summary>
    protected virtual ITextGenerator Generator => ScriptedGenerators.Verdicts();

    /// <summary>Tests a rule.</summary>
    /// <param name="rule">The rule.</param>
    [TestCaseSource(nameof(Rules))]
    public void Keeps(Rule rule) => Check(rule);

    /// <summary>Makes the composer with the options to test. Called often.</summary>
    protected abstract IScorerComposer Create();

    private protected override Subject Subject() => new ComposerSubject(Create) { Generator = Generator };
}
