using RewardKit.Plugins.BradleyTerry;
using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.HafRm.Tests;

public sealed class HafRmLossTests : LossFixture
{
    private static readonly double[] Rewards = [0.8, 0.3, -0.2, 0.1, 1.5, -2.25];
    private static readonly double[] LogProbs = [-12, -15, -20, -18, -3.5, -4];
    private static readonly double[] Reference = [-12.5, -14, -20.5, -18.2, -3, -4.25];

    [Test]
    public void Without_policy_loss_it_is_bradley_terry_bit_for_bit()
    {
        var batch = Batch(Preference(1), Preference(2) with { SoftLabel = 0.7 }, Tie(3));
        var (mine, plain) = (Leaf(Rewards), Leaf(Rewards));
        var loss = new HafRmLoss(new() { Alpha = 0 }).Compute(batch, new() { Rewards = mine }).Loss;
        var expected = new BradleyTerryLoss().Compute(batch, new() { Rewards = plain }).Loss;
        loss.backward();
        expected.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(loss), Is.EqualTo(Value(expected)));
            Assert.That(Gradient(mine), Is.EqualTo(Gradient(plain)));
        });
    }

    [Test]
    public void Without_reward_loss_the_head_has_no_part()
    {
        var loss = new HafRmLoss(new() { RewardWeight = 0, Alpha = 1 });
        // DPO's own form, from probabilities: −log(σ(τ d)) averaged.
        var expected = Enumerable.Range(0, 3).Average(i =>
            -Math.Log(1 / (1 + Math.Exp(-0.1 * (LogProbs[2 * i] - Reference[2 * i] - LogProbs[2 * i + 1] + Reference[2 * i + 1])))));
        var result = loss.Compute(Batch(Preferences(3)), new() { ResponseLogProbs = Leaf(LogProbs), ReferenceLogProbs = Fixed(Reference) });
        Assert.Multiple(() =>
        {
            Assert.That(loss.Needs, Is.EqualTo(ForwardNeeds.ResponseLogProbs | ForwardNeeds.ReferenceLogProbs));
            Assert.That(Value(result.Loss), Is.EqualTo(expected).Within(1e-12));
            Assert.That(result.Metrics.Keys, Is.EquivalentTo(new[] { "loss.policy", "acc.implicit", "acc.logp", "margin.implicit", "implicit.chosen", "implicit.rejected" }));
        });
    }

    [Test]
    public void Needs_follow_the_options() => Assert.Multiple(() =>
    {
        Assert.That(new HafRmLoss(new()).Needs,
            Is.EqualTo(ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs | ForwardNeeds.ReferenceLogProbs));
        Assert.That(new HafRmLoss(new() { Alpha = 0 }).Needs, Is.EqualTo(ForwardNeeds.Rewards));
        Assert.That(new HafRmLoss(new() { PolicyLoss = PolicyLoss.Simpo }).Needs,
            Is.EqualTo(ForwardNeeds.Rewards | ForwardNeeds.ResponseLogProbs));
        Assert.That(new HafRmLoss(new() { PolicyLoss = PolicyLoss.Slic, RewardWeight = 0 }).Needs,
            Is.EqualTo(ForwardNeeds.ResponseLogProbs));
    });

    [Test]
    public void The_head_has_a_bias_and_starts_at_zero_unless_told_otherwise() => Assert.Multiple(() =>
    {
        Assert.That(new HafRmLoss(new()).Head, Is.EqualTo(new RewardHead(ZeroInit: true, Bias: true)));
        Assert.That(new HafRmLoss(new() { ZeroInitHead = false }).Head, Is.EqualTo(new RewardHead(ZeroInit: false, Bias: true)));
    });

    [Test]
    public void Gradients_add([Values] PolicyLoss kind)
    {
        // One parameter that both heads read, as the body is.
        double[] GradientOf(double rewardWeight, double alpha)
        {
            var body = Leaf(Rewards);
            new HafRmLoss(new() { RewardWeight = rewardWeight, Alpha = alpha, PolicyLoss = kind }).Compute(
                Batch(Preferences(3), [2, 3, 4, 5, 6, 7]), new()
                {
                    Rewards = 3 * body,
                    ResponseLogProbs = Fixed(LogProbs) + body * body,
                    ReferenceLogProbs = Fixed(Reference),
                }).Loss.backward();
            return Gradient(body);
        }

        var (both, reward, policy) = (GradientOf(1, 0.2), GradientOf(1, 0), GradientOf(0, 1));
        Assert.That(both, Is.EqualTo(reward.Zip(policy, (r, p) => r + 0.2 * p)).Within(1e-12));
    }

    [Test]
    public void Losses_take_turns_with_the_policy_first()
    {
        var loss = new HafRmLoss(new() { AlternateStep = 2 });
        for (var step = 0; step < 8; step++)
        {
            var (rewards, logp) = (Leaf(Rewards), Leaf(LogProbs));
            var result = loss.Compute(Batch(Preferences(3), [1, 1, 1, 1, 1, 1], step),
                new() { Rewards = rewards, ResponseLogProbs = logp, ReferenceLogProbs = Fixed(Reference) });
            result.Loss.backward();
            var policyTurn = step is 0 or 1 or 4 or 5;
            var expected = policyTurn ? 0.2 * Value(result.Metrics["loss.policy"]) : Value(result.Metrics["loss.reward"]);
            Assert.Multiple(() =>
            {
                Assert.That(Value(result.Loss), Is.EqualTo(expected).Within(1e-12), $"step {step}");
                Assert.That((policyTurn ? rewards : logp).grad, Is.Null, $"step {step}");
            });
        }
    }

    [Test]
    public void A_bias_of_the_head_changes_no_loss()
    {
        var bias = torch.tensor(3.5, requires_grad: true);
        double LossOf(torch.Tensor rewards)
        {
            var result = new HafRmLoss(new()).Compute(
                Batch(Preferences(3)), new() { Rewards = rewards, ResponseLogProbs = Leaf(LogProbs), ReferenceLogProbs = Fixed(Reference) });
            if (rewards.requires_grad) result.Loss.backward();
            return Value(result.Loss);
        }

        Assert.Multiple(() =>
        {
            Assert.That(LossOf(Fixed(Rewards) + bias), Is.EqualTo(LossOf(Fixed(Rewards))).Within(1e-12));
            Assert.That(bias.grad!.item<double>(), Is.Zero.Within(1e-15));
        });
    }

    [Test]
    public void Options_that_leave_nothing_to_train_are_refused() => Assert.Multiple(() =>
    {
        Assert.That(() => new HafRmLoss(new() { Alpha = 0, RewardWeight = 0 }),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("rewardWeight and alpha"));
        Assert.That(() => new HafRmLoss(new() { Alpha = 0, AlternateStep = 3 }),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("alternateStep"));
    });

    [Test]
    public void A_tie_is_half_of_each_order([Values] PolicyLoss kind)
    {
        double LossOf(PreferenceExample example, double[] logp, double[] reference)
        {
            var loss = new HafRmLoss(new() { RewardWeight = 0, Alpha = 1, PolicyLoss = kind });
            return Value(loss.Compute(Batch(example), new() { ResponseLogProbs = Leaf(logp), ReferenceLogProbs = Fixed(reference) }).Loss);
        }

        var (asIs, swapped) = (LossOf(Preference(1), [-12, -15], [-12.5, -14]), LossOf(Preference(1), [-15, -12], [-14, -12.5]));
        Assert.That(LossOf(Tie(1), [-12, -15], [-12.5, -14]), Is.EqualTo((asIs + swapped) / 2).Within(1e-12));
    }

    [Test]
    public void An_empty_response_is_no_division_by_zero()
    {
        var loss = new HafRmLoss(new() { RewardWeight = 0, Alpha = 1, PolicyLoss = PolicyLoss.Simpo });
        var value = Value(loss.Compute(Batch([Preference(1)], [0, 4]), new() { ResponseLogProbs = Leaf(0, -8) }).Loss);
        Assert.That(value, Is.EqualTo(0.598138869).Within(1e-9)); // log(1 + exp(−0.1·2))
    }

    [Test]
    public void Huge_arguments_stay_finite([Values(1e4, -1e4)] double d, [Values] PolicyLoss kind)
    {
        var (rewards, logp) = (Leaf(d, 0), Leaf(d, 0));
        var loss = new HafRmLoss(new() { Tau = 1, PolicyLoss = kind }).Compute(
            Batch(Preference(1)), new() { Rewards = rewards, ResponseLogProbs = logp, ReferenceLogProbs = Fixed(0, 0) }).Loss;
        loss.backward();
        Assert.That(Gradient(rewards).Concat(Gradient(logp)).Append(Value(loss)), Has.All.Matches<double>(double.IsFinite));
    }

    [Property]
    public void Swapping_a_pair_adds_its_margin(short chosen, short rejected)
    {
        var (a, b) = (chosen / 1000.0, rejected / 1000.0);
        Assert.That(PolicyLossOf(b, a), Is.EqualTo(PolicyLossOf(a, b) + (a - b)).Within(1e-8));
    }

    [Property]
    public void A_constant_added_to_both_log_probabilities_changes_nothing(short chosen, short rejected, short constant)
    {
        var (a, b, c) = (chosen / 1000.0, rejected / 1000.0, constant / 1000.0);
        Assert.That(PolicyLossOf(a + c, b + c), Is.EqualTo(PolicyLossOf(a, b)).Within(1e-8));
    }

    [Test]
    public void No_tensor_outlives_its_scope([Values] PolicyLoss kind) => AssertLeavesNoTensor(
        new HafRmLoss(new() { PolicyLoss = kind }), Batch(Preferences(3)),
        new() { Rewards = Leaf(Rewards), ResponseLogProbs = Leaf(LogProbs), ReferenceLogProbs = Fixed(Reference) });

    private static double PolicyLossOf(double chosen, double rejected)
    {
        using var scope = torch.NewDisposeScope();
        return Value(new HafRmLoss(new() { RewardWeight = 0, Alpha = 1, Tau = 1 }).Compute(
            Batch(Preference(1)), new() { ResponseLogProbs = Leaf(chosen, rejected), ReferenceLogProbs = Fixed(0, 0) }).Loss);
    }
}
