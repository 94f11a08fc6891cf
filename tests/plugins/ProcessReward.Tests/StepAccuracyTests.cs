using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.ProcessReward.Tests;

public sealed class StepAccuracyTests
{
    private static readonly Conversation
        Right = NumberScorer.Of(2, 1, 0.5), Wrong = NumberScorer.Of(3, -1, 4), AlsoWrong = NumberScorer.Of(1, 2, 0.25), RightToo = NumberScorer.Of(5, -2);

    // First prompt: one right solution against two wrong ones. Second: a right one that the scorer mistrusts.
    private static readonly PreferenceExample[] Solutions =
    [
        Pair("a", "first?", Right, [1, 1, 1], Wrong, [1, 0, 0]), Pair("b", "first?", Right, [1, 1, 1], AlsoWrong, [1, 1, 0]),
        Pair("c", "second?", RightToo, [1, 1], Wrong, [0.4, 0, 0]),
    ];

    [Test]
    public void The_steps_by_hand()
    {
        var metrics = Evaluate(new NumberScorer()).Metrics;
        Assert.Multiple(() =>
        {
            // Of Right 3 of 3, Wrong 2 of 3, AlsoWrong 2 of 3, RightToo 1 of 2, Wrong on the second prompt 1 of 3.
            Assert.That(metrics["accuracy"].Items, Is.EqualTo((double[])[1, 2 / 3.0, 2 / 3.0, 0.5, 1 / 3.0]).Within(1e-12));
            // Right steps 2, 1, 0.5, 3, 1, 2, 5, −2; wrong ones −1, 4, 0.25, 3, −1, 4: wins 3, 3, 3, 3.5, 3, 3, 6, 0 of 6 each.
            Assert.That(metrics["auroc"].Value, Is.EqualTo(24.5 / 48).Within(1e-12));
            // Found: the second step of Wrong; not AlsoWrong's last; on the second prompt the first, which was not seen.
            Assert.That(metrics["first-error/wrong-solutions"].Items, Is.EqualTo((double[])[1, 0, 0]));
            Assert.That(metrics["first-error/right-solutions"].Items, Is.EqualTo((double[])[1, 0]));
            Assert.That(metrics["first-error/f1"].Value, Is.EqualTo(2 * (1 / 3.0) * 0.5 / (1 / 3.0 + 0.5)).Within(1e-12));
        });
    }

    [Test]
    public void Best_of_n_by_every_way()
    {
        var metrics = Evaluate(new NumberScorer()).Metrics;
        Assert.Multiple(() =>
        {
            // Least: σ(0.5) against σ(−1) and σ(0.25); σ(−2) against σ(−1).
            Assert.That(metrics["best-of-n/minimum"].Items, Is.EqualTo((double[])[1, 0]));
            // Products: 0.400 against 0.252 and 0.362; 0.118 against 0.252.
            Assert.That(metrics["best-of-n/product"].Items, Is.EqualTo((double[])[1, 0]));
            // Last: 0.5 against 4 and 0.25; −2 against 4.
            Assert.That(metrics["best-of-n/last"].Items, Is.EqualTo((double[])[0, 0]));
            Assert.That(metrics["best-of-n/own-reward"].Items, Is.EqualTo((double[])[0, 0]));
            Assert.That(metrics["best-of-n/minimum"].Chance, Is.EqualTo((1 / 3.0 + 0.5) / 2).Within(1e-12));
        });
    }

    [Test]
    public void A_wrong_solution_with_as_high_a_reward_counts_as_taken()
    {
        var metrics = new StepAccuracyEvaluator(new()).EvaluateAsync(
            new(new NumberScorer(), [Pair("a", "first?", NumberScorer.Of(1, 2), [1, 1], NumberScorer.Of(2, 1), [1, 0])], 1), default).Result.Metrics;
        Assert.That((metrics["best-of-n/minimum"].Value, metrics["best-of-n/product"].Value, metrics["best-of-n/last"].Value), Is.EqualTo((0.0, 0.0, 1.0)));
    }

    [Test]
    public void The_threshold_moves_what_counts_as_right()
    {
        Assert.That(Evaluate(new NumberScorer(shift: 10)).Metrics["first-error/right-solutions"].Value, Is.EqualTo(1));
        Assert.That(Evaluate(new NumberScorer(shift: 10), threshold: 10).Metrics["accuracy"].Value, Is.EqualTo(Evaluate(new NumberScorer()).Metrics["accuracy"].Value).Within(1e-12));
    }

    [Test]
    public void What_cannot_be_judged_is_refused() => Assert.Multiple(() =>
    {
        Assert.That(() => Evaluate(new FakeScorer(_ => 1)), Throws.TypeOf<RewardKitException>().With.Message.Contains("\"fake\" has no rewards within a response"));
        Assert.That(
            () => new StepAccuracyEvaluator(new()).EvaluateAsync(new(new NumberScorer(), [Solutions[0] with { RejectedSteps = null }], 1), default),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("a response of a has no labels"));
        Assert.That(() => new StepAccuracyEvaluator(new()).EvaluateAsync(new(new NumberScorer(), [], 1), default), Throws.TypeOf<RewardKitException>());
    });

    private static EvaluationReport Evaluate(IScorer scorer, double threshold = 0) =>
        new StepAccuracyEvaluator(new() { Threshold = threshold }).EvaluateAsync(new(scorer, Solutions, 1), default).GetAwaiter().GetResult();

    private static PreferenceExample Pair(string id, string prompt, Conversation chosen, double[] right, Conversation rejected, double[] wrong) =>
        new(id, Conversation.User(prompt), chosen, rejected, new("data", 1))
        {
            ChosenSteps = NumberScorer.Labels(chosen, right),
            RejectedSteps = NumberScorer.Labels(rejected, wrong),
        };
}
