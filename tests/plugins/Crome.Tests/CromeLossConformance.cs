using RewardKit.Conformance;

namespace RewardKit.Plugins.Crome.Tests;

public sealed class CromeLossConformance : LossConformance
{
    protected override ILoss Create() => new CromeLoss(new());
}
