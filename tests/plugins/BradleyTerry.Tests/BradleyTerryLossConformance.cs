using RewardKit.Conformance;

namespace RewardKit.Plugins.BradleyTerry.Tests;

public sealed class BradleyTerryLossConformance : LossConformance
{
    protected override ILoss Create() => new BradleyTerryLoss();
}
