using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.ControlledDecoding.Tests;

public sealed class CdFudgeLossTests : LossFixture
{
    private static PreferenceExample Worth(int number, double chosen, double rejected) => Preference(number) with { Rewards = new(chosen, rejected) };

    private static LossResult Of(PairBatch batch, torch.Tensor values) => new CdFudgeLoss().Compute(batch, new() { TokenRewards = values });

    private static torch.Tensor Values(params double[] values) => torch.tensor(values, requires_grad: true);

    // ½ Σ (V − 1)² = 0.49625; the second response has no tokens.
    [Test]
    public void Worked_example()
    {
        var values = Values(0.30, 0.45, 0.60, 0.80);
        var result = Of(Batch([Worth(1, 1, 0)], [4, 0]), values);
        result.Loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(2 * Value(result.Loss), Is.EqualTo(0.49625).Within(1e-9), "the mean of two responses");
            Assert.That(Gradient(values), Is.EqualTo(new[] { -0.35, -0.275, -0.2, -0.1 }).Within(1e-12));
            Assert.That(Value(result.Metrics["error.token"]), Is.EqualTo(0.9925 / 4 / 2).Within(1e-9));
        });
    }

    [Test]
    public void Every_response_has_its_own_reward()
    {
        // 0.5 (0.2² + 0.4²), 0.5 · 0.5², 0.5 · 1², 0.5 (2² + 1²)
        var result = Of(Batch([Worth(1, 0.7, -0.5), Worth(2, 3, 1)], [2, 1, 1, 2]), Values(0.5, 0.3, 0, 2, -1, 2));
        Assert.That(Value(result.Loss), Is.EqualTo((0.1 + 0.125 + 0.5 + 2.5) / 4).Within(1e-9));
    }

    // Of answers of the base that begin alike: the loss is least where V is the mean of their rewards.
    [Property]
    public void What_minimises_it_is_the_mean_reward_of_the_answers_that_begin_so(byte first, byte second, byte third)
    {
        using var scope = torch.NewDisposeScope();
        double[] rewards = [first / 16.0, second / 16.0, third / 16.0, 2];
        var value = torch.tensor([rewards.Average()]).requires_grad_();
        Of(Batch([Worth(1, rewards[0], rewards[1]), Worth(2, rewards[2], rewards[3])], [1, 1, 1, 1]), value.expand(4)).Loss.backward();
        Assert.That(Gradient(value)[0], Is.Zero.Within(1e-12));
    }

    [Test]
    public void Data_without_rewards_are_refused() => Assert.That(
        () => Of(Batch(Preference(3)), Values(1, 2)), Throws.TypeOf<RewardKitException>().With.Message.Contains("do not say so of data:3: give every record the rewards"));

    [Test]
    public void Needs_rewards_at_tokens_alone() => Assert.That(new CdFudgeLoss().Needs, Is.EqualTo(ForwardNeeds.TokenRewards));

    [Test]
    public void No_tensor_outlives_its_scope() =>
        AssertLeavesNoTensor(new CdFudgeLoss(), Batch([Worth(1, 1, 0)], [2, 1]), new() { TokenRewards = Values(0.1, 0.2, 0.3) });
}
