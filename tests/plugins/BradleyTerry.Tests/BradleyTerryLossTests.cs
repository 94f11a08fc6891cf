using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.BradleyTerry.Tests;

public sealed class BradleyTerryLossTests : LossFixture
{
    private readonly BradleyTerryLoss _loss = new();

    [Test]
    public void Values_and_gradients_of_the_worked_example()
    {
        var rewards = Leaf(0.8, 0.3, -0.2, 0.1);
        var result = _loss.Compute(Batch(Preferences(2)), new() { Rewards = rewards });
        result.Loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Loss), Is.EqualTo(0.664216114).Within(1e-9));
            Assert.That(Gradient(rewards), Is.EqualTo(
                new[] { -0.188770334, 0.188770334, -0.287221258, 0.287221258 }).Within(1e-9));
            Assert.That(Value(result.Metrics["acc.scalar"]), Is.EqualTo(0.5));
            Assert.That(Value(result.Metrics["margin.scalar"]), Is.EqualTo(0.1).Within(1e-12));
        });
    }

    [TestCase(null, 0.724076984)] // half of 0.474076984 and half of 0.974076984
    [TestCase(0.7, 0.624076984)]
    [TestCase(0.0, 0.974076984)]
    public void A_tie_is_half_a_preference_each_way_unless_its_label_says_otherwise(double? label, double expected)
    {
        var batch = Batch(Tie(1) with { SoftLabel = label });
        Assert.That(Value(_loss.Compute(batch, new() { Rewards = Leaf(0.8, 0.3) }).Loss), Is.EqualTo(expected).Within(1e-9));
    }

    [Test]
    public void Accuracy_is_strict_and_of_preferences_alone()
    {
        var batch = Batch(Preference(1), Preference(2), Tie(3), Preference(4));
        var metrics = _loss.Compute(batch, new() { Rewards = Leaf(1, 0, 0.5, 0.5, 9, 0, 0, 4) }).Metrics;
        Assert.Multiple(() =>
        {
            Assert.That(Value(metrics["acc.scalar"]), Is.EqualTo(1 / 3.0).Within(1e-12));
            Assert.That(Value(metrics["margin.scalar"]), Is.EqualTo(-1).Within(1e-12));
        });
    }

    [Test]
    public void A_batch_of_ties_alone_has_no_accuracy() =>
        Assert.That(_loss.Compute(Batch(Tie(1)), new() { Rewards = Leaf(1, 0) }).Metrics, Is.Empty);

    [Test]
    public void Huge_margins_neither_overflow_nor_vanish([Values(1e4, -1e4)] double margin, [Values] bool single)
    {
        var rewards = (single ? Fixed(margin, 0).to(torch.float32) : Fixed(margin, 0)).requires_grad_();
        var loss = _loss.Compute(Batch(Preference(1)), new() { Rewards = rewards }).Loss;
        loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(loss.to(torch.float64).item<double>(), Is.EqualTo(margin > 0 ? 0 : 1e4));
            Assert.That(rewards.grad!.to(torch.float64).data<double>().ToArray(), Is.EqualTo(margin > 0 ? new[] { 0.0, 0 } : [-1, 1]));
        });
    }

    [Property]
    public void Swapping_a_pair_adds_its_margin(short chosen, short rejected)
    {
        var (a, b) = (chosen / 1000.0, rejected / 1000.0);
        Assert.That(LossOf(b, a), Is.EqualTo(LossOf(a, b) + (a - b)).Within(1e-8));
    }

    [Property]
    public void A_constant_added_to_both_rewards_changes_nothing(short chosen, short rejected, short constant)
    {
        var (a, b, c) = (chosen / 1000.0, rejected / 1000.0, constant / 1000.0);
        Assert.That(LossOf(a + c, b + c), Is.EqualTo(LossOf(a, b)).Within(1e-8));
    }

    [Test]
    public void It_needs_rewards_and_the_usual_head() => Assert.Multiple(() =>
    {
        Assert.That(_loss.Needs, Is.EqualTo(ForwardNeeds.Rewards));
        Assert.That(((ILoss)_loss).Head, Is.EqualTo(new RewardHead()));
        Assert.That(((ILoss)_loss).Weight(Batch(Preferences(3))), Is.EqualTo(3));
    });

    [Test]
    public void No_tensor_outlives_its_scope() =>
        AssertLeavesNoTensor(_loss, Batch(Preference(1), Tie(2)), new() { Rewards = Leaf(1, 0, 0, 1) });

    private double LossOf(double chosen, double rejected)
    {
        using var scope = torch.NewDisposeScope();
        return Value(_loss.Compute(Batch(Preference(1)), new() { Rewards = Leaf(chosen, rejected) }).Loss);
    }
}
