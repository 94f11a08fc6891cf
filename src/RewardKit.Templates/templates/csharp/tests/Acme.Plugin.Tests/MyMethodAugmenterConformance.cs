using RewardKit;
using RewardKit.Conformance;

namespace Acme.Namespace.Tests;

/// <summary>The rules that every augmenter keeps, each a test.</summary>
public sealed class MyMethodAugmenterConformance : AugmenterConformance
{
    protected override IAugmenter Create() => new MyMethodAugmenter(new());
}
