using NUnit.Framework;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Conformance;

/// <summary>The rules for an <see cref="ILoss"/> as tests.</summary>
/// <example>
/// <code>
/// public sealed class MarginConformance : LossConformance
/// {
///     protected override ILoss Create() => new MarginLoss(new());
/// }
/// </code>
/// </example>
public abstract class LossConformance : PluginConformance
{
    /// <summary>The rules, each a test.</summary>
    public static IEnumerable<TestCaseData> Rules => Cases(PluginKind.Loss);

    /// <summary>The pairs that batches are made of: at least eight, preferences and ties among them.</summary>
    protected virtual IReadOnlyList<PreferenceExample> Examples => SyntheticPairs.Draw(10, seed: 1);

    /// <summary>Metrics that every batch must have, whatever is in it.</summary>
    protected virtual IReadOnlyList<string> Metrics => [];

    /// <summary>Tests a rule.</summary>
    /// <param name="rule">The rule.</param>
    [TestCaseSource(nameof(Rules))]
    public void Keeps(Rule rule) => Check(rule);

    /// <summary>Makes the loss with the options to test. Called often.</summary>
    protected abstract ILoss Create();

    private protected override Subject Subject() => new LossSubject(Create) { Examples = Examples, Metrics = Metrics };
}
