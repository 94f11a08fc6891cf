using RewardKit.Conformance;
using RewardKit.Plugins.Tests;
using RewardKit.Plugins.Tests.Decoding;
using static RewardKit.Plugins.Tests.Decoding.TabularDecoding;

namespace RewardKit.Plugins.BestOfN.Tests;

public sealed class BestOfNDecoderConformance : DecoderConformance
{
    protected override IDecoder Create() => new BestOfNDecoder(new() { N = 3 });
}

public sealed class BestOfNDecoderTests
{
    private static readonly double[] Base = [0.5, 0.3, 0.2];
    private static readonly double[] Rewards = [0.1, 0.7, 1.5];

    private static TabularDecoding Decoding(IScorer scorer, double temperature = 1, int most = 1) =>
        new(Table.Of(Base)) { Scorer = scorer, Options = new() { Temperature = temperature, MaxTokens = most } };

    private static string[] Answers(int n, int count, Func<string, double> reward, double weight = 1, int most = 1) =>
        [.. new BestOfNDecoder(new() { N = n }).Decode([.. Enumerable.Range(0, count).Select(i => Request(i, weight))],
            Decoding(new FakeScorer(request => reward(request.Response.LastContent)), most: most), default).Select(answer => answer.Text)];

    // F_i^N − F_(i−1)^N in the order of rewards.
    [TestCase(1, new[] { 0.5, 0.3, 0.2 }, 0.56, 0)]
    [TestCase(4, new[] { 0.0625, 0.3471, 0.5904 }, 1.13482, 0.559750560)]
    [TestCase(16, new[] { 0.0000152588, 0.0281322389, 0.9718525023 }, 1.477472847, 1.469644780)]
    public void Worked_example(int n, double[] expected, double reward, double divergence)
    {
        double[] cumulated = [0, 0.5, 0.8, 1];
        double[] exact = [.. Enumerable.Range(0, 3).Select(i => Math.Pow(cumulated[i + 1], n) - Math.Pow(cumulated[i], n))];
        var kl = exact.Zip(Base, (p, q) => p * Math.Log(p / q)).Sum();
        const int count = 3000;
        var taken = Answers(n, count, text => Rewards[text[0] - 'a']);
        Assert.Multiple(() =>
        {
            Assert.That(exact, Is.EqualTo(expected).Within(1e-6));
            Assert.That(exact.Zip(Rewards, (p, r) => p * r).Sum(), Is.EqualTo(reward).Within(1e-6));
            Assert.That(kl, Is.EqualTo(divergence).Within(1e-6).And.LessThanOrEqualTo(RewardKit.BestOfN.DivergenceBound(n) + 1e-12));
            // Within four standard deviations.
            for (var i = 0; i < 3; i++)
                Assert.That(taken.Count(text => text == Text([i])) / (double)count, Is.EqualTo(exact[i]).Within(4 * Math.Sqrt(exact[i] * (1 - exact[i]) / count) + 1e-9));
        });
    }

    [Test]
    public void More_samples_give_no_less_reward()
    {
        double[] means = [.. new[] { 1, 2, 4, 8 }.Select(n => Answers(n, 200, text => Rewards[text[0] - 'a']).Average(text => Rewards[text[0] - 'a']))];
        Assert.That(means, Is.Ordered, "the samples are nested");
    }

    [Test]
    public void A_monotone_change_of_the_rewards_changes_nothing() =>
        Assert.That(Answers(4, 50, text => Math.Exp(3 * Ids(text).Sum()), most: 4), Is.EqualTo(Answers(4, 50, text => Ids(text).Sum(), most: 4)));

    [Test]
    public void The_first_sample_is_the_bases_answer_and_wins_a_draw()
    {
        var alone = Answers(4, 50, _ => throw new InvalidOperationException("scored"), weight: 0, most: 6);
        Assert.Multiple(() =>
        {
            Assert.That(Answers(1, 50, _ => 0, most: 6), Is.EqualTo(alone));
            Assert.That(Answers(8, 50, _ => 0, most: 6), Is.EqualTo(alone), "equal rewards");
            Assert.That(alone.Distinct().Count(), Is.GreaterThan(10));
        });
    }

    [Test]
    public void Greedy_answers_are_sampled_once()
    {
        var scored = 0;
        var decoding = Decoding(new FakeScorer(_ => scored++), temperature: 0);
        Assert.That(new BestOfNDecoder(new()).Decode([Request(1, 1)], decoding, default)[0].Text, Is.EqualTo("a"));
        Assert.That(scored, Is.EqualTo(1));
    }

    [Test]
    public void A_scorer_that_compares_has_a_knock_out()
    {
        var answers = new BestOfNDecoder(new() { N = 12 }).Decode(
            [.. Enumerable.Range(0, 20).Select(i => Request(i, 1))], Decoding(new FakeComparer(request => Ids(request.Response.LastContent).Sum())), default);
        Assert.That(answers.Count(answer => answer.Text == "c"), Is.GreaterThan(15));
    }

    [TestCase(2, 0.193147181)]
    [TestCase(4, 0.636294361)]
    [TestCase(16, 1.835088722)]
    [TestCase(64, 3.174508083)]
    public void The_bound_of_the_divergence(int n, double expected) => Assert.That(RewardKit.BestOfN.DivergenceBound(n), Is.EqualTo(expected).Within(1e-6));

    [TestCase(1, 0.316666667)]
    [TestCase(2, 0.706666667)]
    [TestCase(4, 0.98)]
    [TestCase(6, 1.1)]
    public void The_highest_reward_of_n_from_more(int n, double expected) =>
        Assert.That(RewardKit.BestOfN.ExpectedReward([0.3, -0.2, 1.1, 0.8, 0.5, -0.6], n), Is.EqualTo(expected).Within(1e-6));

    [Test]
    public void The_highest_reward_of_n_needs_as_many_samples() => Assert.Multiple(() =>
    {
        Assert.That(() => RewardKit.BestOfN.ExpectedReward([1, 2], 3), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => RewardKit.BestOfN.ExpectedReward([1, 2], 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(RewardKit.BestOfN.ExpectedReward([.. Enumerable.Repeat(2.0, 5000)], 2500), Is.EqualTo(2).Within(1e-9));
    });

    // Chosen by one reward and judged by another; the last of four is the one with the highest reward.
    [TestCase(1, 0.40)]
    [TestCase(2, 0.45)]
    [TestCase(3, 0.45)]
    [TestCase(4, 0.50)]
    public void What_the_best_of_n_is_worth_by_another_reward(int n, double expected) =>
        Assert.That(RewardKit.BestOfN.ExpectedValue([0.5, 0.1, 0.9, 0.4], [0.3, 0.2, 0.5, 0.6], n), Is.EqualTo(expected).Within(1e-9));

    [Test]
    public void The_worth_of_the_best_of_n_is_a_mean_over_all_choices() => Assert.Multiple(() =>
    {
        // Equal values show that the coefficients sum to 1; equal rewards that their order does not matter.
        Assert.That(RewardKit.BestOfN.ExpectedValue([3, 1, 2, 5, 4], [7, 7, 7, 7, 7], 3), Is.EqualTo(7).Within(1e-9));
        foreach (var values in new double[][] { [1, 2, 6], [6, 1, 2] })
            Assert.That(RewardKit.BestOfN.ExpectedValue([1, 1, 1], values, 2), Is.EqualTo(3).Within(1e-9));
        Assert.That(() => RewardKit.BestOfN.ExpectedValue([1, 2], [1], 1), Throws.ArgumentException);
    });
}
