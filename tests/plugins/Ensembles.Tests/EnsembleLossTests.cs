using RewardKit.Plugins.BradleyTerry;
using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;
using static TorchSharp.torch;

namespace RewardKit.Plugins.Ensembles.Tests;

public sealed class EnsembleLossTests : LossFixture
{
    private static readonly double[] Heads = [0.3, -0.2, 0, 0.5, -0.4, -0.1];

    [TestCase(Reduction.Mean, 0.760031856)]
    [TestCase(Reduction.Sum, 3 * 0.760031856)]
    public void The_worked_heads(Reduction reduction, double expected)
    {
        var (features, rewards) = Rewards(Heads);
        var result = new EnsembleLoss(new() { Reduction = reduction }).Compute(Batch(Preferences(1)), new PairForward { HeadRewards = rewards });
        result.Loss.backward();
        var scale = reduction == Reduction.Mean ? 1 : 3;
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Loss), Is.EqualTo(expected).Within(1e-8));
            // By the chosen response's features.
            Assert.That(Gradient(features)[..2], Is.EqualTo((double[])[scale * 0.026903866, scale * -0.063212124]).Within(1e-8));
            // Margins 0.36, −0.60, −0.04.
            Assert.That(Value(result.Metrics["acc.scalar"]), Is.EqualTo(1));
            Assert.That(Value(result.Metrics["acc.mean"]), Is.EqualTo(0));
        });
    }

    [Test]
    public void Each_head_has_its_own_loss()
    {
        double[] expected = [0.529260449, 1.037487950, 0.713347167];
        for (var head = 0; head < 3; head++)
        {
            var (_, rewards) = Rewards(Heads[(2 * head)..(2 * head + 2)]);
            Assert.That(Value(new EnsembleLoss(new() { Heads = 1 }).Compute(Batch(Preferences(1)), new PairForward { HeadRewards = rewards }).Loss), Is.EqualTo(expected[head]).Within(1e-8));
        }
    }

    [Test]
    public void Equal_heads_have_the_gradient_of_a_single_model()
    {
        PreferenceExample[] pairs = [Preference(1), Tie(2), Preference(3) with { SoftLabel = 0.7 }];
        var many = Leaf(0.2, -0.3, 1.1, 0.4, -0.6, 0.9);
        var single = Leaf(0.2, -0.3, 1.1, 0.4, -0.6, 0.9);
        var (ensemble, one) = (
            new EnsembleLoss(new()).Compute(Batch(pairs), new PairForward { HeadRewards = stack([many, many, many], 2) }).Loss,
            new BradleyTerryLoss().Compute(Batch(pairs), new PairForward { Rewards = single }).Loss);
        ensemble.backward();
        one.backward();
        Assert.That(Value(ensemble), Is.EqualTo(Value(one)).Within(1e-12));
        Assert.That(Gradient(many), Is.EqualTo(Gradient(single)).Within(1e-12));
    }

    [Test]
    public void Centring_pulls_the_sum_of_both_rewards_to_zero()
    {
        var rewards = tensor((double[])[1, 2, -1, 0]).reshape(1, 2, 2); // chosen 1 and 2, rejected −1 and 0
        double Of(double centring) => Value(new EnsembleLoss(new() { Heads = 2, Centring = centring }).Compute(Batch(Preferences(1)), new PairForward { HeadRewards = rewards }).Loss);
        Assert.That(Of(0.01) - Of(0), Is.EqualTo(0.01 * (0 + 4) / 2).Within(1e-12));
    }

    // h_w = (0.5, −1), h_l = (0.1, 0.2).
    private static (Tensor Features, Tensor Rewards) Rewards(double[] heads)
    {
        var features = tensor((double[])[0.5, -1, 0.1, 0.2]).reshape(1, 2, 2).requires_grad_();
        return (features, features.matmul(tensor(heads).reshape(-1, 2).t()));
    }
}
