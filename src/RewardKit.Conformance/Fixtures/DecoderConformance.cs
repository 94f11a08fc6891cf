using NUnit.Framework;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Conformance;

/// <summary>The rules for an <see cref="IDecoder"/> as tests, over small models with random weights.</summary>
public abstract class DecoderConformance : PluginConformance
{
    /// <summary>The rules, each a test.</summary>
    public static IEnumerable<TestCaseData> Rules => Cases(PluginKind.Decoder);

    /// <summary>Tests a rule.</summary>
    /// <param name="rule">The rule.</param>
    [TestCaseSource(nameof(Rules))]
    public void Keeps(Rule rule) => Check(rule);

    /// <summary>Makes the decoder with the options to test. Called often.</summary>
    protected abstract IDecoder Create();

    private protected override Subject Subject() => new DecoderSubject(Create);
}
