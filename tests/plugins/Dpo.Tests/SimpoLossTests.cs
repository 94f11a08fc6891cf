using RewardKit.Plugins.Tests;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Dpo.Tests;

public sealed class SimpoLossTests : LossFixture
{
    [Test]
    public void A_pair_by_hand()
    {
        // Rewards 2·(−12/4) = −6 and 2·(−15/3) = −10; −log σ(4 − 0.5), and its slope −σ(−3.5) shared out by 2/|y|.
        var logp = Leaf(-12, -15);
        var result = new SimpoLoss(new()).Compute(Batch([Preference(1)], [4, 3]), new() { ResponseLogProbs = logp });
        result.Loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Loss), Is.EqualTo(0.029750419).Within(1e-9));
            Assert.That(Gradient(logp), Is.EqualTo(new[] { -0.029312231 * 2 / 4, 0.029312231 * 2 / 3 }).Within(1e-9));
            Assert.That(Value(result.Metrics["margin.implicit"]), Is.EqualTo(4).Within(1e-12));
            Assert.That(Value(result.Metrics["implicit.chosen"]), Is.EqualTo(-6).Within(1e-12));
            Assert.That(Value(result.Metrics["implicit.rejected"]), Is.EqualTo(-10).Within(1e-12));
            Assert.That(Value(result.Metrics["acc.implicit"]), Is.EqualTo(1));
        });
    }

    [Test]
    public void The_margin_moves_the_reward_difference_at_which_the_loss_is_the_logarithm_of_two()
    {
        var loss = new SimpoLoss(new() { Beta = 1, Gamma = 0.75 }).Compute(Batch([Preference(1)], [4, 4]), new() { ResponseLogProbs = Leaf(-5, -8) }).Loss;
        Assert.That(Value(loss), Is.EqualTo(Math.Log(2)).Within(1e-15));
    }

    [Test]
    public void It_is_dpo_per_token_without_reference_where_there_is_no_margin()
    {
        var forward = new PairForward { ResponseLogProbs = Leaf(-12, -15, -20, -18, -3, -9) };
        var batch = Batch([Preference(1), Preference(2) with { SoftLabel = 0.7 }, Tie(3)], [4, 3, 9, 8, 1, 3]);
        var dpo = new DpoLoss(new() { Beta = 2, Reference = false, PerToken = true }).Compute(batch, forward).Loss;
        Assert.That(Value(new SimpoLoss(new() { Gamma = 0 }).Compute(batch, forward).Loss), Is.EqualTo(Value(dpo)).Within(1e-15));
    }

    [Test]
    public void A_tie_is_half_of_each_order()
    {
        double Of(PreferenceExample example, params double[] logp) =>
            Value(new SimpoLoss(new()).Compute(Batch([example], [2, 2]), new() { ResponseLogProbs = Fixed(logp) }).Loss);

        Assert.That(Of(Tie(1), -3, -5), Is.EqualTo((Of(Preference(1), -3, -5) + Of(Preference(1), -5, -3)) / 2).Within(1e-12));
    }

    [Test]
    public void It_asks_for_no_reference() => Assert.That(new SimpoLoss(new()).Needs, Is.EqualTo(ForwardNeeds.ResponseLogProbs));

    [Test]
    public void No_tensor_outlives_its_scope() => AssertLeavesNoTensor(
        new SimpoLoss(new()), Batch([Preference(1), Tie(2)], [4, 3, 0, 2]), new() { ResponseLogProbs = Leaf(-12, -15, 0, -4) });
}
