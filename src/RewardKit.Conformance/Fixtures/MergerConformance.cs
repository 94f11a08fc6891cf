using NUnit.Framework;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Conformance;

/// <summary>The rules for an <see cref="IWeightMerger"/> as tests.</summary>
public abstract class MergerConformance : PluginConformance
{
    /// <summary>The rules, each a test.</summary>
    public static IEnumerable<TestCaseData> Rules => Cases(PluginKind.Merger);

    /// <summary>Tests a rule.</summary>
    /// <param name="rule">The rule.</param>
    [TestCaseSource(nameof(Rules))]
    public void Keeps(Rule rule) => Check(rule);

    /// <summary>Makes the merger with the options to test. Called often.</summary>
    protected abstract IWeightMerger Create();

    private protected override Subject Subject() => new MergerSubject(Create);
}
