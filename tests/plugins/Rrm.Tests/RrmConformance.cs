using RewardKit.Conformance;

namespace RewardKit.Plugins.Rrm.Tests;

[TestFixture(0.2)]
[TestFixture(0.0)]
public sealed class RrmConformance(double filterThreshold) : AugmenterConformance
{
    protected override IAugmenter Create() => new RrmAugmenter(new() { FilterThreshold = filterThreshold });
}
