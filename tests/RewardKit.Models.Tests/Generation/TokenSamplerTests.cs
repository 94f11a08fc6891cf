using RewardKit.Models.Generation;

namespace RewardKit.Models.Tests.Generation;

public class TokenSamplerTests
{
    // Probabilities 0.4, 0.05, 0.3, 0.15, 0.1.
    private static readonly float[] Logits = [.. new[] { 0.4, 0.05, 0.3, 0.15, 0.1 }.Select(p => (float)Math.Log(p) + 2)];

    private static readonly GenerationOptions Plain = new() { Temperature = 1 };

    // The 99.9% points of the chi-square distribution with 1 to 4 degrees of freedom.
    private static readonly double[] Limits = [10.83, 13.82, 16.27, 18.47];

    [TestCase(1, 0, 1.0, new[] { 0.4, 0.05, 0.3, 0.15, 0.1 })]
    [TestCase(2, 0, 1.0, new[] { 0.2979, 0.1053, 0.2579, 0.1824, 0.1489 })]
    [TestCase(0.5, 0, 1.0, new[] { 0.16, 0.0025, 0.09, 0.0225, 0.01 })]
    [TestCase(1, 3, 1.0, new[] { 0.4, 0, 0.3, 0.15, 0 })]
    [TestCase(1, 0, 0.75, new[] { 0.4, 0, 0.3, 0.15, 0 })]
    [TestCase(1, 4, 0.9, new[] { 0.4, 0, 0.3, 0.15, 0.1 })]
    [TestCase(1, 4, 0.6, new[] { 0.4, 0, 0.3, 0, 0 })]
    public void Draws_as_often_as_the_distribution_says(double temperature, int topK, double topP, double[] weights)
    {
        const int draws = 40_000;
        var sampler = new TokenSampler(Plain with { Temperature = temperature, TopK = topK, TopP = topP }, 5);

        var counts = new int[5];
        for (var i = 0; i < draws; i++) counts[sampler.Next(Logits, [])]++;

        var chiSquare = 0.0;
        for (var id = 0; id < 5; id++)
        {
            var expected = draws * weights[id] / weights.Sum();
            if (expected == 0) Assert.That(counts[id], Is.Zero);
            else chiSquare += Math.Pow(counts[id] - expected, 2) / expected;
        }
        Assert.That(chiSquare, Is.LessThan(Limits[weights.Count(w => w > 0) - 2]));
    }

    // Neighbouring seeds are those of neighbouring rows.
    [Test]
    public void Draws_of_many_seeds_are_spread_alike()
    {
        const int draws = 40_000;
        var counts = new int[25];
        for (var seed = 0; seed < draws; seed++)
        {
            var sampler = new TokenSampler(Plain, seed);
            counts[sampler.Next([0, 0, 0, 0, 0], []) * 5 + sampler.Next([0, 0, 0, 0, 0], [])]++;
        }
        // 24 degrees of freedom.
        Assert.That(counts.Sum(count => Math.Pow(count - draws / 25.0, 2) / (draws / 25.0)), Is.LessThan(51.2));
    }

    // Sums of the largest: 0.4, 0.7, 0.85, 0.95, 1.
    [TestCase(0.01, new[] { 0 })]
    [TestCase(0.39, new[] { 0 })]
    [TestCase(0.41, new[] { 0, 2 })]
    [TestCase(0.69, new[] { 0, 2 })]
    [TestCase(0.71, new[] { 0, 2, 3 })]
    [TestCase(0.94, new[] { 0, 2, 3, 4 })]
    [TestCase(0.96, new[] { 0, 2, 3, 4, 1 })]
    public void Top_p_keeps_the_fewest_that_reach_it(double topP, int[] kept) =>
        Assert.That(Kept(Plain with { TopP = topP }, Logits), Is.EqualTo(kept));

    [TestCase(1, new[] { 4 })]
    [TestCase(2, new[] { 1, 2, 4, 6 })]
    [TestCase(4, new[] { 1, 2, 4, 6 })]
    [TestCase(5, new[] { 1, 2, 3, 4, 6 })]
    [TestCase(6, new[] { 0, 1, 2, 3, 4, 5, 6 })]
    [TestCase(7, new[] { 0, 1, 2, 3, 4, 5, 6 })]
    [TestCase(100, new[] { 0, 1, 2, 3, 4, 5, 6 })]
    public void Top_k_keeps_those_as_likely_as_the_kth(int topK, int[] kept) =>
        Assert.That(Kept(Plain with { TopK = topK }, [-1, 2, 2, 0.5f, 3, -1, 2]).Order(), Is.EqualTo(kept));

    // Top-p measures what top-k has left: 0.4 of 0.85 is 0.47, 0.7 of 0.85 is 0.82.
    [TestCase(0.46, new[] { 0 })]
    [TestCase(0.81, new[] { 0, 2 })]
    [TestCase(0.83, new[] { 0, 2, 3 })]
    public void Top_p_comes_after_top_k(double topP, int[] kept) =>
        Assert.That(Kept(Plain with { TopK = 3, TopP = topP }, Logits), Is.EqualTo(kept));

    // At temperature 2 the weights are the roots: 0.632, 0.548, 0.387, 0.316, 0.224 of 2.107; the first has 0.3.
    [TestCase(0.29, new[] { 0 })]
    [TestCase(0.31, new[] { 0, 2 })]
    public void Top_p_comes_after_the_temperature(double topP, int[] kept) =>
        Assert.That(Kept(Plain with { Temperature = 2, TopP = topP }, Logits), Is.EqualTo(kept));

    [Test]
    public void The_penalty_divides_positive_logits_and_multiplies_negative_ones_once()
    {
        float[] logits = [4, 3.1f, -1, -1.9f, 0];
        // 4 / 1.25 = 3.2 and -1 * 1.25 = -1.25; a token seen twice is penalized once.
        var weights = new TokenSampler(Plain with { RepetitionPenalty = 1.25 }, 0).Kept(logits, [0, 2, 0, 4]);

        double[] expected = [3.2, 3.1, -1.25, -1.9, 0];
        Assert.That(weights.Select(w => Math.Log(w.Weight) + 3.2), Is.EqualTo(expected).Within(1e-5));
    }

    [TestCase(1.25, 0)]
    [TestCase(1.35, 1)]
    [TestCase(0.5, 0)]
    public void The_penalty_holds_for_greedy(double penalty, int best) =>
        Assert.That(new TokenSampler(new() { RepetitionPenalty = penalty }, 0).Next([4, 3.1f], [0]), Is.EqualTo(best));

    [Test]
    public void Greedy_takes_the_lowest_of_equals() => Assert.That(new TokenSampler(new(), 0).Next([1, 3, 3], []), Is.EqualTo(1));

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    public void Logits_that_are_no_numbers_are_refused(float bad)
    {
        foreach (var options in (GenerationOptions[])[new(), Plain])
            Assert.That(() => new TokenSampler(options, 0).Next([1, bad, 3], []), Throws.TypeOf<RewardKitException>().With.Message.Contains("not numbers"));
    }

    // Decoders mask tokens so.
    [Test]
    public void Minus_infinity_is_never_drawn()
    {
        var sampler = new TokenSampler(Plain with { Temperature = 5 }, 0);
        Assert.That(Enumerable.Range(0, 1000).Select(_ => sampler.Next([1, float.NegativeInfinity, 1], [])).Distinct().Order(), Is.EqualTo((int[])[0, 2]));
    }

    private static IEnumerable<int> Kept(GenerationOptions options, float[] logits) => new TokenSampler(options, 0).Kept(logits, []).Select(token => token.Id);
}
