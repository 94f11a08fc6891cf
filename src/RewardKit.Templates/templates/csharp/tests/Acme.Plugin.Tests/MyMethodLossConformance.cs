using RewardKit;
using RewardKit.Conformance;

namespace Acme.Namespace.Tests;

/// <summary>The rules that every loss keeps, each a test.</summary>
public sealed class MyMethodLossConformance : LossConformance
{
    protected override ILoss Create() => new MyMethodLoss(new());
}
