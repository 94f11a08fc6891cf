using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.CriticRm.Tests;

public sealed class CriticRmLossTests : LossFixture
{
    private const double Close = 1e-6;

    // The numbers of the paper's joint loss by hand: two critiques of 3 and 2 tokens, rewards 1.1 and 0.4.
    private static readonly double[] Rewards = [1.1, 0.4], LogProbs = [-0.9 - 1.2 - 0.3, -0.5 - 0.7];

    private static PairBatch OnePair(int step, StepTotals? totals = null) => Batch(
        [Preference(1)], [3, 2], new(step, 20, 10), totals);

    private static PairBatch Batch(PreferenceExample[] examples, long[] turns, TrainingStep step, StepTotals? totals = null) => new(
        examples, torch.tensor(examples.Select(e => e.Relation == Relation.Tie).ToArray()),
        torch.full(examples.Length, 2, 9, torch.ScalarType.Int64), step, torch.tensor(turns).reshape(examples.Length, 2), totals);

    private static PairForward Forward(torch.Tensor rewards, torch.Tensor logProbs) => new() { Rewards = rewards, LastTurnLogProbs = logProbs };

    private static double Loss(CriticRmOptions options, int step) =>
        Value(new CriticRmLoss(options).Compute(OnePair(step), Forward(Leaf(Rewards), Leaf(LogProbs))).Loss);

    [TestCase(0, 1.0)]
    [TestCase(5, 1.0)]
    [TestCase(9, 1.0)]
    [TestCase(10, 1.0)]
    [TestCase(12, 0.82)]
    [TestCase(15, 0.55)]
    [TestCase(19, 0.19)]
    [TestCase(20, 0.10)]
    public void Weight_of_the_worked_example(int step, double expected)
    {
        Assert.That(CritiqueWeight.At(new(step, 20, 10), 2, 0.9), Is.EqualTo(expected).Within(1e-12));
        Assert.That(CritiqueWeight.At(new(step, 20, 10), null, 0.9), Is.EqualTo(expected).Within(1e-12));
    }

    [Property]
    public void Weight_is_one_then_falls_with_even_steps_to_one_minus_beta(byte epochs, byte steps, byte hundredths)
    {
        var (k, t, beta) = (epochs % 5 + 1, steps % 20 + 1, (hundredths % 100 + 1) / 100.0);
        var weights = Enumerable.Range(0, k * t + 1).Select(step => CritiqueWeight.At(new(step, k * t, t), k, beta)).ToArray();
        Assert.That(weights[..((k - 1) * t + 1)], Is.All.EqualTo(1.0));
        Assert.That(weights[^1], Is.EqualTo(1 - beta).Within(1e-12));
        for (var step = (k - 1) * t; step < k * t; step++)
            Assert.That(weights[step] - weights[step + 1], Is.EqualTo(beta / t).Within(1e-12));
    }

    [Test]
    public void One_epoch_falls_from_its_first_step()
    {
        Assert.That(Enumerable.Range(0, 5).Select(step => CritiqueWeight.At(new(step, 4, 4), 1, 1.0)), Is.EqualTo(new[] { 1, 0.75, 0.5, 0.25, 0 }).Within(1e-12));
        // A run of three steps has no whole epoch of a hundred; of a run of a hundred and fifty the last hundred fall.
        Assert.That(CritiqueWeight.At(new(3, 3, 100), null, 0.9), Is.EqualTo(0.1).Within(1e-12));
        Assert.That(CritiqueWeight.At(new(100, 150, 100), null, 0.5), Is.EqualTo(0.75).Within(1e-12));
    }

    [TestCase(5, 0.720000000)]
    [TestCase(15, 0.577433722)]
    [TestCase(19, 0.463380700)]
    public void Joint_loss_of_the_worked_example(int step, double expected) =>
        Assert.That(Loss(new() { Epochs = 2 }, step), Is.EqualTo(expected).Within(Close));

    [Test]
    public void Parts_of_the_worked_example()
    {
        var result = new CriticRmLoss(new()).Compute(OnePair(15), Forward(Leaf(Rewards), Leaf(LogProbs)));
        Assert.That(Value(result.Metrics["loss.reward"]), Is.EqualTo(0.403186049).Within(Close));
        Assert.That(Value(result.Metrics["loss.critique"]), Is.EqualTo(0.72).Within(Close));
        Assert.That(Value(result.Metrics["lambda"]), Is.EqualTo(0.55).Within(Close));
        Assert.That(Loss(new() { CeReduction = CeReduction.PerSequenceMean }, 0), Is.EqualTo(0.70).Within(Close));
        Assert.That(Loss(new() { Weight = 1.25 }, 7), Is.EqualTo(1.303186049).Within(Close), "CLoud's constant weight");
        Assert.That(Loss(new() { Weight = 0 }, 7), Is.EqualTo(0.403186049).Within(Close));
    }

    [Test]
    public void At_either_end_of_the_weight_one_head_learns_nothing()
    {
        var (rewards, logProbs) = (Leaf(Rewards), Leaf(LogProbs));
        new CriticRmLoss(new()).Compute(OnePair(3), Forward(rewards, logProbs)).Loss.backward();
        Assert.That(Gradient(rewards), Is.All.Zero);
        Assert.That(Gradient(logProbs), Is.All.EqualTo(-0.2).Within(Close));
        (rewards, logProbs) = (Leaf(Rewards), Leaf(LogProbs));
        new CriticRmLoss(new() { Beta = 1 }).Compute(OnePair(20), Forward(rewards, logProbs)).Loss.backward();
        Assert.That(Gradient(logProbs), Is.All.Zero);
        Assert.That(Gradient(rewards), Is.Not.All.Zero);
    }

    [Test]
    public void The_gradient_is_the_weighted_sum_of_both()
    {
        var (rewards, logProbs) = (Leaf(Rewards), Leaf(LogProbs));
        new CriticRmLoss(new()).Compute(OnePair(15), Forward(rewards, logProbs)).Loss.backward();
        var slope = -1 / (1 + Math.Exp(0.7));
        Assert.That(Gradient(rewards), Is.EqualTo(new[] { 0.45 * slope, -0.45 * slope }).Within(1e-12));
        Assert.That(Gradient(logProbs), Is.All.EqualTo(0.55 * -0.2).Within(1e-12));
    }

    [TestCase(CeReduction.TokenMean, 0.72)]
    [TestCase(CeReduction.PerSequenceMean, 0.7)]
    public void A_pair_without_critiques_does_not_dilute_the_loss_on_them(CeReduction reduction, double expected)
    {
        var batch = Batch([Preference(1), Preference(2)], [3, 2, 0, 0], new(0, 20, 10));
        var result = new CriticRmLoss(new() { CeReduction = reduction }).Compute(batch, Forward(Leaf([.. Rewards, 0, 0]), Leaf([.. LogProbs, 0, 0])));
        Assert.That(Value(result.Loss), Is.EqualTo(expected).Within(Close));
    }

    [Test]
    public void A_step_in_parts_is_the_step_at_once_although_its_means_are_over_different_things()
    {
        var totals = new StepTotals(2, 4, 15);
        var loss = new CriticRmLoss(new());
        PairBatch Part(int number, long[] turns) => Batch([Preference(number)], turns, new(15, 20, 10), totals);
        var parts = Value(loss.Compute(Part(1, [3, 2]), Forward(Leaf(Rewards), Leaf(LogProbs))).Loss)
            + Value(loss.Compute(Part(2, [4, 6]), Forward(Leaf(0.3, 0.9), Leaf(-5, -2))).Loss);
        var whole = loss.Compute(Batch([Preference(1), Preference(2)], [3, 2, 4, 6], new(15, 20, 10)), Forward(Leaf([.. Rewards, 0.3, 0.9]), Leaf([.. LogProbs, -5, -2])));
        Assert.That(parts / 2, Is.EqualTo(Value(whole.Loss)).Within(1e-12));
        Assert.That(Value(whole.Metrics["loss.critique"]), Is.EqualTo(10.6 / 15).Within(1e-12));
    }

    [Test]
    public void It_leaves_no_tensor_behind() => AssertLeavesNoTensor(new CriticRmLoss(new()), OnePair(15), Forward(Leaf(Rewards), Leaf(LogProbs)));
}
