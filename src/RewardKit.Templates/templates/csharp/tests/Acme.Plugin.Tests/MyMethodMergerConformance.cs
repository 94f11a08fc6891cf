using RewardKit;
using RewardKit.Conformance;

namespace Acme.Namespace.Tests;

/// <summary>The rules that every merger keeps, each a test.</summary>
public sealed class MyMethodMergerConformance : MergerConformance
{
    protected override IWeightMerger Create() => new MyMethodMerger(new());
}
