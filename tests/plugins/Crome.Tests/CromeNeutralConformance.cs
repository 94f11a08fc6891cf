using RewardKit.Conformance;

namespace RewardKit.Plugins.Crome.Tests;

[TestFixture(0.2)]
[TestFixture(-1.0)]
public sealed class CromeNeutralConformance(double filterThreshold) : AugmenterConformance
{
    protected override IAugmenter Create() => new CromeNeutralAugmenter(new() { FilterThreshold = filterThreshold });
}
