using RewardKit.Plugins.HafRm;
using RewardKit.Plugins.Tests;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.GenArm.Tests;

public sealed class GenArmLossTests : LossFixture
{
    private static readonly double[] LogProbs = [-12, -15, -20, -18, -3.5, -4];

    private static double LossOf(GenArmLossOptions options, params double[] logProbs) =>
        Value(new GenArmLoss(options).Compute(Batch(Preferences(logProbs.Length / 2)), new() { ResponseLogProbs = Fixed(logProbs) }).Loss);

    [Test]
    public void Needs_log_probabilities_alone() => Assert.That(new GenArmLoss(new()).Needs, Is.EqualTo(ForwardNeeds.ResponseLogProbs));

    [TestCase(false)]
    [TestCase(true)]
    public void It_is_dpo_with_a_reference_of_zeros(bool hinge)
    {
        var (mine, theirs) = (Leaf(LogProbs), Leaf(LogProbs));
        var batch = Batch(Preference(1), Preference(2) with { SoftLabel = 0.7 }, Tie(3));
        var loss = new GenArmLoss(new() { Beta = 0.3, Hinge = hinge }).Compute(batch, new() { ResponseLogProbs = mine }).Loss;
        var dpo = new HafRmLoss(new() { RewardWeight = 0, Alpha = 1, Tau = 0.3, PolicyLoss = hinge ? PolicyLoss.Hinge : PolicyLoss.Sigmoid })
            .Compute(batch, new() { ResponseLogProbs = theirs, ReferenceLogProbs = Fixed(new double[6]) }).Loss;
        loss.backward();
        dpo.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(loss), Is.EqualTo(Value(dpo)).Within(1e-12));
            Assert.That(Gradient(mine), Is.EqualTo(Gradient(theirs)).Within(1e-12));
        });
    }

    [Test]
    public void Equal_rewards_have_the_loss_log_two_and_count_as_wrong()
    {
        var result = new GenArmLoss(new()).Compute(Batch(Preference(1)), new() { ResponseLogProbs = Leaf(-7, -7) });
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Loss), Is.EqualTo(Math.Log(2)).Within(1e-12));
            Assert.That(Value(result.Metrics["acc.implicit"]), Is.Zero);
        });
    }

    [Property]
    public void Swapping_a_pair_swaps_the_sign_of_the_difference(short chosen, short rejected)
    {
        var (a, b) = (chosen / 1000.0, rejected / 1000.0);
        // −log σ(−d) = d − log σ(d)
        Assert.That(LossOf(new() { Beta = 1 }, b, a), Is.EqualTo(LossOf(new() { Beta = 1 }, a, b) + (a - b)).Within(1e-8));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Smoothed_labels_are_a_mixture_of_both_orders(bool hinge)
    {
        var options = new GenArmLossOptions { Beta = 0.3, Hinge = hinge };
        Assert.That(
            LossOf(options with { LabelSmoothing = 0.2 }, -2, -5), Is.EqualTo(0.8 * LossOf(options, -2, -5) + 0.2 * LossOf(options, -5, -2)).Within(1e-12));
    }

    // d = 0.9: 1 − (0.9 − γ), and for the smoothed part 1 + (0.9 − γ).
    [TestCase(0, 0, 0.1)]
    [TestCase(0.5, 0, 0.6)]
    [TestCase(0.5, 0.1, 0.9 * 0.6 + 0.1 * 1.4)]
    public void The_hinge(double margin, double smoothing, double expected) => Assert.That(
        LossOf(new() { Beta = 0.3, Hinge = true, Margin = margin, LabelSmoothing = smoothing }, -2, -5), Is.EqualTo(expected).Within(1e-12));

    [Test]
    public void A_tie_is_half_of_each_order_and_no_part_of_the_metrics()
    {
        var options = new GenArmLossOptions { Beta = 0.3, Margin = 0.2 };
        var tie = new GenArmLoss(options).Compute(Batch(Tie(1)), new() { ResponseLogProbs = Leaf(-2, -5) });
        Assert.Multiple(() =>
        {
            Assert.That(Value(tie.Loss), Is.EqualTo((LossOf(options, -2, -5) + LossOf(options, -5, -2)) / 2).Within(1e-12));
            Assert.That(tie.Metrics, Is.Empty);
        });
    }

    [Test]
    public void An_empty_response_is_no_division_by_zero()
    {
        var loss = new GenArmLoss(new() { Beta = 0.1, PerToken = true });
        Assert.That(
            Value(loss.Compute(Batch([Preference(1)], [0, 4]), new() { ResponseLogProbs = Leaf(0, -8) }).Loss), Is.EqualTo(0.598138869).Within(1e-9)); // log(1 + exp(−0.1·2))
    }

    [Test]
    public void Huge_arguments_stay_finite([Values(1e4, -1e4)] double d, [Values] bool hinge)
    {
        var logProbs = Leaf(d, 0);
        var loss = new GenArmLoss(new() { Beta = 1, Hinge = hinge, LabelSmoothing = 0.1 }).Compute(Batch(Preference(1)), new() { ResponseLogProbs = logProbs }).Loss;
        loss.backward();
        Assert.That(Gradient(logProbs).Append(Value(loss)), Has.All.Matches<double>(double.IsFinite));
    }

    [Test]
    public void No_tensor_outlives_its_scope([Values] bool perToken) => AssertLeavesNoTensor(
        new GenArmLoss(new() { PerToken = perToken }), Batch(Preferences(3)), new() { ResponseLogProbs = Leaf(LogProbs) });
}
