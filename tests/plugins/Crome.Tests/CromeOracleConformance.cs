using RewardKit.Conformance;

namespace RewardKit.Plugins.Crome.Tests;

// Few questions a pair: a rule goes through 100,000 of them.

[TestFixture(0.2)]
[TestFixture(-1.0)]
public sealed class CromeCausalConformance(double filterThreshold) : AugmenterConformance
{
    protected override IReadOnlyList<PreferenceExample> Examples => FakeOracle.PairsTo(30);

    protected override ITextGenerator Generator => FakeOracle.Forgetful();

    protected override IAugmenter Create() => new CromeCausalAugmenter(new()
    {
        FilterThreshold = filterThreshold,
        Attributes = 1,
        Elements = 1,
        Review = false,
        Upgrade = false,
        Retries = 0,
    });
}

public sealed class CromeCanConformance : AugmenterConformance
{
    protected override IReadOnlyList<PreferenceExample> Examples => FakeOracle.PairsTo(30);

    protected override ITextGenerator Generator => FakeOracle.Forgetful();

    protected override IAugmenter Create() => new CromeCanAugmenter(new() { Ratio = 0.2, Retries = 0, FilterThreshold = 0.01 });
}

public sealed class CromeParaConformance : AugmenterConformance
{
    protected override IReadOnlyList<PreferenceExample> Examples => FakeOracle.PairsTo(30);

    protected override ITextGenerator Generator => FakeOracle.Forgetful();

    protected override IAugmenter Create() => new CromeParaAugmenter(new() { Ratio = 0.2, Retries = 0, FilterThreshold = 0.01 });
}
