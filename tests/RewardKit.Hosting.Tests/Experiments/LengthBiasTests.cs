using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Tests.Experiments;

public class LengthBiasTests
{
    // The chosen response is longer, longer, shorter, as long; by 2, 1, 3 and 0 characters.
    private static readonly PreferenceExample[] Pairs =
    [
        Results.Pair("1", "?", "aaa", "a"), Results.Pair("2", "?", "aa", "a"),
        Results.Pair("3", "?", "a", "aaaa"), Results.Pair("4", "?", "aa", "aa"),
    ];

    [Test]
    public void A_reward_that_is_the_length_follows_it_altogether()
    {
        var bias = Of((PairScore[])[new(3, 1), new(2, 1), new(1, 4), new(2, 2)]);
        Assert.That(new[] { bias.Pearson, bias.Spearman, bias.WithinPairs, bias.LongerPreferred }, Is.All.EqualTo(1).Within(1e-12));
        Assert.That(bias.LongerChosen, Is.EqualTo(2 / 3.0).Within(1e-12));
        Assert.That((bias.AccuracyLongerChosen, bias.AccuracyShorterChosen, bias.Pairs), Is.EqualTo(((double?)1, (double?)0, 3)));
        Assert.That(bias.Excess!.Value.Low, Is.EqualTo(0), "it exceeds the labels on one pair of three, and a resample may miss it");
    }

    [Test]
    public void Seeds_are_meaned_and_a_reward_that_always_agrees_asks_no_more_than_the_labels()
    {
        PairScore[] right = [new(1, 0), new(1, 0), new(1, 0), new(1, 0)];
        var bias = Of(right);
        Assert.That((bias.LongerPreferred, bias.Excess), Is.EqualTo((bias.LongerChosen, (Interval?)new Interval(0, 0))));
        PairScore[] wrong = [.. right.Select(s => new PairScore(s.Rejected, s.Chosen))];
        Assert.That(Of(right, wrong).LongerPreferred, Is.EqualTo(0.5));
    }

    [Test]
    public void Equal_rewards_have_no_correlation()
    {
        var bias = Of((PairScore[])[new(1, 1), new(1, 1), new(1, 1), new(1, 1)]);
        Assert.That((bias.Pearson, bias.Spearman, bias.LongerPreferred), Is.EqualTo(((double?)null, (double?)null, (double?)0.5)));
    }

    [Test]
    public void Spearman_ranks_equal_values_alike()
    {
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 · 5), by hand.
        Assert.That(Correlation.Spearman([10, 20, 20, 90], [1, 2, 3, 4]), Is.EqualTo(4.5 / Math.Sqrt(4.5 * 5)).Within(1e-12));
    }

    private static LengthBias Of(params PairScore[][] seeds) =>
        LengthBias.Of([new ArmSamples("pair-accuracy", "a", 0, Pairs, seeds)]).Single();
}
