using RewardKit.Conformance;

namespace RewardKit.Plugins.CriticRm.Tests;

[TestFixture(CeReduction.TokenMean, null)]
[TestFixture(CeReduction.PerSequenceMean, null)]
[TestFixture(CeReduction.TokenMean, 1.25)]
[TestFixture(CeReduction.TokenMean, 0.0)]
public sealed class CriticRmLossConformance(CeReduction reduction, double? weight) : LossConformance
{
    protected override ILoss Create() => new CriticRmLoss(new() { CeReduction = reduction, Weight = weight });
}
