using RewardKit.Conformance;

namespace RewardKit.Plugins.Odin.Tests;

[TestFixture(Correlated.Apart, Normalisation.Unit, 0.0)]
[TestFixture(Correlated.Together, Normalisation.CentredUnit, 1.0)]
public sealed class OdinLossConformance(Correlated correlate, Normalisation normalisation, double sumWeight) : LossConformance
{
    protected override IReadOnlyList<string> Metrics =>
        ["loss.reward", "loss.length", "loss.orthogonality", "corr.quality", "corr.length", "corr.sum"];

    protected override ILoss Create() => new OdinLoss(new() { Correlate = correlate, Normalisation = normalisation, SumWeight = sumWeight });
}
