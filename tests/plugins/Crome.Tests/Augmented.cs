namespace RewardKit.Plugins.Crome.Tests;

/// <summary>Runs augmenters, one after the other, as an arm does.</summary>
internal static class Augmented
{
    public static (List<PreferenceExample> All, Dictionary<string, long> Counts) Run(
        IReadOnlyList<PreferenceExample> examples, ITextGenerator? oracle, IScorer? baseline, int seed, params IAugmenter[] augmenters)
    {
        var counts = new Dictionary<string, long>();
        var stream = examples.ToAsyncEnumerable();
        foreach (var augmenter in augmenters)
            stream = augmenter.AugmentAsync(
                stream, new(seed, baseline, (reason, count) => counts[reason] = counts.GetValueOrDefault(reason) + count, oracle), default);
        return (stream.ToListAsync().AsTask().GetAwaiter().GetResult(), counts);
    }

    public static (List<PreferenceExample> All, Dictionary<string, long> Counts) Run(
        CromeCausalOptions options, FakeOracle oracle, params PreferenceExample[] examples) =>
        Run(examples, oracle, null, 1, new CromeCausalAugmenter(options));
}
