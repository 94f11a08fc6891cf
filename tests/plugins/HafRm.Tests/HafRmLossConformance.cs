using RewardKit.Conformance;

namespace RewardKit.Plugins.HafRm.Tests;

[TestFixture(PolicyLoss.Sigmoid, null)]
[TestFixture(PolicyLoss.IpoFull, null)]
[TestFixture(PolicyLoss.Slic, null)]
[TestFixture(PolicyLoss.Simpo, null)]
[TestFixture(PolicyLoss.Sigmoid, 1)]
public sealed class HafRmLossConformance(PolicyLoss kind, int? alternateStep) : LossConformance
{
    protected override ILoss Create() => new HafRmLoss(new() { PolicyLoss = kind, AlternateStep = alternateStep });
}
