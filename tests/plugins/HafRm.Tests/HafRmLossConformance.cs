using RewardKit.Conformance;

namespace RewardKit.Plugins.HafRm.Tests;

public sealed class HafRmLossConformance : LossConformance
{
    protected override ILoss Create() => new HafRmLoss(new());
}
