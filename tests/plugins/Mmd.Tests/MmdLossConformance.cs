using RewardKit.Conformance;

namespace RewardKit.Plugins.Mmd.Tests;

[TestFixture(Compared.Reward)]
[TestFixture(Compared.Features)]
public sealed class MmdLossConformance(Compared over) : LossConformance
{
    protected override IReadOnlyList<string> Metrics => ["loss.reward", "loss.mmd"];

    protected override ILoss Create() => new MmdLoss(new() { Over = over, Bins = 3 });
}
