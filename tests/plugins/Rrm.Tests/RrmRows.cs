using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.Rrm.Tests;

/// <summary>Runs the augmenter.</summary>
internal static class RrmRows
{
    /// <summary>All rows, unfiltered.</summary>
    public static readonly RrmOptions All = new() { Sample = 1, FilterThreshold = 0 };

    public static (List<PreferenceExample> Made, Dictionary<string, long> Counts) Run(
        RrmOptions options, IReadOnlyList<PreferenceExample> examples, int seed = 1, IScorer? baseline = null)
    {
        var counts = new Dictionary<string, long>();
        var all = new RrmAugmenter(options).AugmentAsync(examples.ToAsyncEnumerable(), new(seed, baseline, counts.Add), default)
            .ToListAsync().AsTask().GetAwaiter().GetResult();
        Assert.That(all.Take(examples.Count), Is.EqualTo(examples), "originals pass through, first and unchanged");
        return ([.. all.Skip(examples.Count)], counts);
    }

    /// <summary>The number at the end of a text of <see cref="Pairs.Preference"/>: of its prompt, or of the row it belongs to.</summary>
    public static int Number(Conversation text) => int.Parse(text.LastContent.Split(' ')[^1]);

    /// <summary>Rewards spread over [−2, 2) by text, the same in every process.</summary>
    public static FakeScorer Scattered => new(request =>
        (request.Prompt.LastContent + request.Response.LastContent).Aggregate(7, (sum, c) => (sum * 31 + c) % 4001) / 1000.0 - 2);
}
