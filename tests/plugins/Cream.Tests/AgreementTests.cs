namespace RewardKit.Plugins.Cream.Tests;

public class AgreementTests
{
    private static readonly (double[] Current, double[] Previous)[] Prompts =
    [
        ([0.8, -0.3, 1.5, 0.1, -1.2], [0.5, -0.1, 0.9, 0.7, -0.8]),
        ([2, 1, 0, -1, -2], [-1.5, 0.4, 0.3, 1.1, -0.2]),
        ([0.2, 0.4, 0.1, 0.9, 0.6], [0.1, 0.5, 0.0, 1.2, 0.8]),
    ];

    [TestCase(0, 0.8, 0.9, 0.9, 1)]
    [TestCase(1, -0.2, 0.4, -0.3, 0)]
    [TestCase(2, 1.0, 1.0, 1.0, 1)]
    public void Three_prompts_by_hand(int prompt, double tau, double consistency, double rho, double top) => Assert.Multiple(() =>
    {
        var (current, previous) = Prompts[prompt];
        foreach (var ties in Enum.GetValues<TieRule>()) Assert.That(Agreement.Kendall(current, previous, ties), Is.EqualTo(tau).Within(1e-12), $"{ties}");
        Assert.That(Agreement.Consistency(current, previous, Measure.Kendall, TieRule.Ordinal), Is.EqualTo(consistency).Within(1e-12));
        Assert.That(Agreement.Spearman(current, previous), Is.EqualTo(rho).Within(1e-12));
        Assert.That(Agreement.Consistency(current, previous, Measure.Spearman, TieRule.Ordinal), Is.EqualTo((1 + rho) / 2).Within(1e-12));
        Assert.That(Agreement.Consistency(current, previous, Measure.TopOrder, TieRule.Ordinal), Is.EqualTo(top));
    });

    [Test]
    public void Their_mean_and_their_best_and_worst_answers()
    {
        var mean = Prompts.Average(p => Agreement.Consistency(p.Current, p.Previous, Measure.Kendall, TieRule.Ordinal));
        Assert.That(mean, Is.EqualTo(0.766666667).Within(1e-9));
        Assert.That((Agreement.Best(Prompts[0].Current), Agreement.Worst(Prompts[0].Current)), Is.EqualTo((2, 4)));
    }

    [Test]
    public void The_literal_top_order_compares_the_answers_that_are_listed_first_and_last()
    {
        var (current, previous) = Prompts[0];
        Assert.That((Agreement.Ranks(current)[0], Agreement.Ranks(current)[^1], Agreement.Ranks(previous)[0], Agreement.Ranks(previous)[^1]), Is.EqualTo((4, 1, 3, 1)));
        Assert.That(Agreement.Consistency(current, previous, Measure.TopOrderLiteral, TieRule.Ordinal), Is.Zero);
        Assert.That(Agreement.Consistency(current, current, Measure.TopOrderLiteral, TieRule.Ordinal), Is.EqualTo(1));
    }

    [TestCase(TieRule.TauA, 0.5, 0.5, 0.0)]
    [TestCase(TieRule.TauB, 0.547722558, 0.547722558, 0.0)]
    [TestCase(TieRule.Ordinal, 0.666666667, 0.333333333, 1.0)]
    public void Ties_by_each_rule(TieRule rule, double one, double exchanged, double constant) => Assert.Multiple(() =>
    {
        double[] current = [1, 1, 0.5, 0.2];
        Assert.That(Agreement.Kendall(current, [0.2, 0.9, 0.7, 0.1], rule), Is.EqualTo(one).Within(1e-9));
        Assert.That(Agreement.Kendall(current, [0.9, 0.2, 0.7, 0.1], rule), Is.EqualTo(exchanged).Within(1e-9));
        Assert.That(Agreement.Kendall([1, 1, 1], [1, 2, 3], rule), Is.EqualTo(constant));
    });

    [Test]
    public void Where_a_list_is_constant_tau_b_says_neither_way() =>
        Assert.That(Agreement.Consistency([1, 1, 1], [1, 2, 3], Measure.Kendall, TieRule.TauB), Is.EqualTo(0.5));

    [Property]
    public void A_list_agrees_with_itself_and_disagrees_with_its_opposite(int seed)
    {
        var rewards = Draw(seed, 5);
        foreach (var ties in Enum.GetValues<TieRule>())
        {
            Assert.That(Agreement.Kendall(rewards, rewards, ties), Is.EqualTo(1).Within(1e-12));
            Assert.That(Agreement.Kendall(rewards, [.. rewards.Select(r => -r)], ties), Is.EqualTo(-1).Within(1e-12));
        }
    }

    [Property]
    public void Which_list_is_named_first_does_not_matter(int seed)
    {
        var (one, other) = (Coarse(seed), Coarse(seed + 1));
        foreach (var ties in Enum.GetValues<TieRule>())
            Assert.That(Agreement.Kendall(one, other, ties), Is.EqualTo(Agreement.Kendall(other, one, ties)).Within(1e-12), $"{ties}");
        Assert.That(Agreement.Spearman(one, other), Is.EqualTo(Agreement.Spearman(other, one)));
    }

    [Property]
    public void Only_the_order_counts(int seed)
    {
        var (one, other) = (Coarse(seed), Coarse(seed + 1));
        double[] moved = [.. one.Select(r => Math.Exp(0.1 * r) + 7)];
        foreach (var measure in Enum.GetValues<Measure>())
            foreach (var ties in Enum.GetValues<TieRule>())
            {
                var consistency = Agreement.Consistency(one, other, measure, ties);
                Assert.That(Agreement.Consistency(moved, other, measure, ties), Is.EqualTo(consistency), $"{measure}, {ties}");
                Assert.That(consistency, Is.InRange(0, 1));
            }
    }

    [Property]
    public void Five_answers_have_eleven_values_of_tau(int seed)
    {
        var tau = Agreement.Kendall(Draw(seed, 5), Draw(seed + 1, 5), TieRule.Ordinal);
        Assert.That(tau * 5, Is.EqualTo(Math.Round(tau * 5)).Within(1e-12));
        Assert.That(tau, Is.InRange(-1, 1));
    }

    [Property]
    public void The_order_of_the_answers_does_not_matter_without_ties(int seed)
    {
        var (one, other) = (Draw(seed, 6), Draw(seed + 1, 6));
        int[] order = [.. Enumerable.Range(0, 6)];
        new Random(seed).Shuffle(order);
        double[] Permuted(double[] list) => [.. order.Select(i => list[i])];
        Assert.That(Agreement.Ranks(Permuted(one)), Is.EqualTo(order.Select(i => Agreement.Ranks(one)[i])));
        Assert.That(Agreement.Kendall(Permuted(one), Permuted(other), TieRule.Ordinal), Is.EqualTo(Agreement.Kendall(one, other, TieRule.Ordinal)));
    }

    [Test]
    public void With_ties_the_ordinal_rule_depends_on_it() =>
        Assert.That(Agreement.Kendall([1, 1], [1, 2], TieRule.Ordinal), Is.Not.EqualTo(Agreement.Kendall([1, 1], [2, 1], TieRule.Ordinal)));

    private static double[] Draw(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextDouble())];
    }

    // With ties.
    private static double[] Coarse(int seed) => [.. Draw(seed, 5).Select(r => Math.Floor(4 * r))];
}
