using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.HafRm.Tests;

/// <summary>Small cases computed by hand from the method's equations.</summary>
public sealed class HafRmWorkedExampleTests : LossFixture
{
    [Test]
    public void Losses_gradients_and_metrics_of_two_pairs()
    {
        var rewards = Leaf(0.8, 0.3, -0.2, 0.1);
        var logp = Leaf(-12, -15, -20, -18);
        var result = new HafRmLoss(new()).Compute(Batch(Preferences(2)), new()
        {
            Rewards = rewards,
            ResponseLogProbs = logp,
            ReferenceLogProbs = Fixed(-12.5, -14, -20.5, -18.2),
        });
        result.Loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Loss), Is.EqualTo(0.794137787).Within(1e-9));
            Assert.That(Value(result.Metrics["loss.reward"]), Is.EqualTo(0.664216114).Within(1e-9));
            Assert.That(Value(result.Metrics["loss.policy"]), Is.EqualTo(0.649608362).Within(1e-9));
            Assert.That(Gradient(rewards), Is.EqualTo(
                new[] { -0.188770334, 0.188770334, -0.287221258, 0.287221258 }).Within(1e-9));
            Assert.That(Gradient(logp), Is.EqualTo(
                new[] { -0.004625702, 0.004625702, -0.004925006, 0.004925006 }).Within(1e-9));
            Assert.That(Value(result.Metrics["acc.scalar"]), Is.EqualTo(0.5));
            Assert.That(Value(result.Metrics["acc.implicit"]), Is.EqualTo(1));
            Assert.That(Value(result.Metrics["acc.logp"]), Is.EqualTo(0.5));
            Assert.That(Value(result.Metrics["margin.scalar"]), Is.EqualTo(0.1).Within(1e-12));
            Assert.That(Value(result.Metrics["margin.implicit"]), Is.EqualTo((0.15 + 0.03) / 2).Within(1e-12));
            Assert.That(Value(result.Metrics["implicit.chosen"]), Is.EqualTo((0.05 + 0.05) / 2).Within(1e-12));
            Assert.That(Value(result.Metrics["implicit.rejected"]), Is.EqualTo((-0.10 + 0.02) / 2).Within(1e-12));
        });
    }

    // d = 1.5, tau = 0.1. The last case has lengths 3 and 5: −4 and −3 a token.
    [TestCase(PolicyLoss.Sigmoid, 1, 1, 0.620957048)]
    [TestCase(PolicyLoss.Hinge, 1, 1, 0.85)]
    [TestCase(PolicyLoss.Ipo, 1, 1, 12.25)]
    [TestCase(PolicyLoss.IpoSqrt, 1, 1, 1.225)]
    [TestCase(PolicyLoss.IpoFull, 1, 1, 0.1225)]
    [TestCase(PolicyLoss.Slic, 1, 1, 12.0)]
    [TestCase(PolicyLoss.Simpo, 1, 1, 0.554355244)]
    [TestCase(PolicyLoss.Simpo, 3, 5, 0.744396660)]
    public void Each_policy_loss_of_the_first_pair(PolicyLoss kind, long chosenLength, long rejectedLength, double expected)
    {
        var loss = new HafRmLoss(new() { Alpha = 1, RewardWeight = 0, PolicyLoss = kind });
        var reference = loss.Needs.HasFlag(ForwardNeeds.ReferenceLogProbs);
        var result = loss.Compute(Batch([Preference(1)], [chosenLength, rejectedLength]), new()
        {
            ResponseLogProbs = Leaf(-12, -15),
            ReferenceLogProbs = reference ? Fixed(-12.5, -14) : null!,
        });
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Loss), Is.EqualTo(expected).Within(1e-8));
            Assert.That(reference, Is.EqualTo(kind is not (PolicyLoss.Slic or PolicyLoss.Simpo)));
        });
    }

    [TestCase(PolicyLoss.Sigmoid, 0.554355244)]
    [TestCase(PolicyLoss.Hinge, 0.7)]
    public void Without_a_reference_log_probabilities_stand_alone(PolicyLoss kind, double expected)
    {
        var loss = new HafRmLoss(new() { Alpha = 1, RewardWeight = 0, PolicyLoss = kind, Reference = false });
        var result = loss.Compute(Batch(Preference(1)), new() { ResponseLogProbs = Leaf(-12, -15) });
        Assert.Multiple(() =>
        {
            Assert.That(loss.Needs, Is.EqualTo(ForwardNeeds.ResponseLogProbs));
            Assert.That(Value(result.Loss), Is.EqualTo(expected).Within(1e-9));
            Assert.That(Value(result.Metrics["implicit.chosen"]), Is.EqualTo(-1.2).Within(1e-12));
            Assert.That(Value(result.Metrics["margin.implicit"]), Is.EqualTo(0.3).Within(1e-12));
        });
    }

    [TestCase(0.3, -0.2, 0.05, 0.529260449, -0.164383826, 0.493151479, -0.123287870, 0.082191913)]
    [TestCase(0.0, 0.0, 0.0, 0.693147181, -0.2, 0.6, 0.0, 0.0)] // a zero head leaves the body alone
    public void Gradients_of_head_and_hidden_states(
        double w0, double w1, double b, double expected, double gradW0, double gradW1, double gradH0, double gradH1)
    {
        var hidden = Leaf(0.5, -1.0, 0.1, 0.2); // chosen, rejected
        var weight = torch.tensor(new[] { w0, w1 }).requires_grad_();
        var bias = torch.tensor(new[] { b }).requires_grad_();
        var rewards = (hidden.matmul(weight) + bias).reshape(1, 2);
        var loss = new HafRmLoss(new() { Alpha = 0 }).Compute(Batch(Preference(1)), new() { Rewards = rewards }).Loss;
        loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(loss), Is.EqualTo(expected).Within(1e-9));
            Assert.That(Gradient(weight), Is.EqualTo(new[] { gradW0, gradW1 }).Within(1e-9));
            Assert.That(Gradient(bias), Is.EqualTo(new[] { 0.0 }).Within(1e-15));
            Assert.That(Gradient(hidden), Is.EqualTo(new[] { gradH0, gradH1, -gradH0, -gradH1 }).Within(1e-9));
        });
    }

    [Test]
    public void Before_the_first_step_both_losses_are_the_logarithm_of_two()
    {
        var result = new HafRmLoss(new()).Compute(Batch(Preferences(3)), new()
        {
            Rewards = Leaf(0, 0, 0, 0, 0, 0),
            ResponseLogProbs = Leaf(-7, -30, -1, -2, 0, -5),
            ReferenceLogProbs = Fixed(-7, -30, -1, -2, 0, -5),
        });
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Metrics["loss.reward"]), Is.EqualTo(Math.Log(2)).Within(1e-12));
            Assert.That(Value(result.Metrics["loss.policy"]), Is.EqualTo(Math.Log(2)).Within(1e-12));
            Assert.That(Value(result.Loss), Is.EqualTo(0.831776617).Within(1e-9));
            Assert.That(Value(result.Metrics["acc.scalar"]), Is.Zero, "equal values count as wrong");
            Assert.That(Value(result.Metrics["acc.implicit"]), Is.Zero);
        });
    }
}
