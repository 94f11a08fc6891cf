using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Dpo.Tests;

public sealed class SftLossTests : LossFixture
{
    [Test]
    public void The_mean_is_over_the_tokens_of_the_chosen_responses()
    {
        var logp = Leaf(-12, -15, -3, -18);
        var batch = Batch(Preferences(2), [10, 3, 2, 9]);
        var loss = new SftLoss().Compute(batch, new() { ResponseLogProbs = logp }).Loss;
        loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(loss), Is.EqualTo(15.0 / 12).Within(1e-12));
            Assert.That(Gradient(logp), Is.EqualTo(new[] { -1.0 / 12, 0, -1.0 / 12, 0 }).Within(1e-12));
            Assert.That(new SftLoss().Weight(batch), Is.EqualTo(12));
        });
    }

    [Test]
    public void A_step_in_parts_is_the_whole_step()
    {
        double[] logp = [-12, -15, -3, -18, -7, -2];
        long[] lengths = [10, 3, 2, 9, 0, 4];
        PreferenceExample[] examples = [Preference(1), Preference(2) with { SoftLabel = 0.75 }, Tie(3)];
        var loss = new SftLoss();
        var whole = Value(loss.Compute(Batch(examples, lengths), new() { ResponseLogProbs = Fixed(logp) }).Loss);
        var parts = examples.Index().Select(e =>
        {
            var batch = Batch([e.Item], lengths[(2 * e.Index)..(2 * e.Index + 2)]);
            return (Loss: Value(loss.Compute(batch, new() { ResponseLogProbs = Fixed(logp[(2 * e.Index)..(2 * e.Index + 2)]) }).Loss), Weight: loss.Weight(batch));
        }).ToArray();
        Assert.That(parts.Sum(p => p.Loss * p.Weight) / parts.Sum(p => p.Weight), Is.EqualTo(whole).Within(1e-12));
    }

    [Test]
    public void A_soft_label_shares_the_pair_out_and_a_tie_counts_half_each()
    {
        double Of(PreferenceExample example) =>
            Value(new SftLoss().Compute(Batch([example], [4, 8]), new() { ResponseLogProbs = Fixed(-10, -30) }).Loss);

        Assert.Multiple(() =>
        {
            Assert.That(Of(Preference(1) with { SoftLabel = 0.75 }), Is.EqualTo((0.75 * 10 + 0.25 * 30) / (0.75 * 4 + 0.25 * 8)).Within(1e-12));
            Assert.That(Of(Tie(1)), Is.EqualTo(40.0 / 12).Within(1e-12));
        });
    }

    [Test]
    public void The_rejected_response_plays_no_part()
    {
        double Of(double rejected, long length) =>
            Value(new SftLoss().Compute(Batch([Preference(1)], [4, length]), new() { ResponseLogProbs = Fixed(-10, rejected) }).Loss);

        Assert.That(Of(0, 0), Is.EqualTo(2.5).And.EqualTo(Of(-30, 8)));
    }

    [Test]
    public void Nothing_to_learn_is_no_division_by_zero()
    {
        var batch = Batch([Preference(1)], [0, 3]);
        Assert.Multiple(() =>
        {
            Assert.That(Value(new SftLoss().Compute(batch, new() { ResponseLogProbs = Leaf(0, -4) }).Loss), Is.Zero);
            Assert.That(new SftLoss().Weight(batch), Is.Zero);
        });
    }

    [Test]
    public void Float32_stays_float32()
    {
        var logp = torch.tensor((float[])[-12f, -15f], requires_grad: true).reshape(1, 2);
        Assert.That(new SftLoss().Compute(Batch([Preference(1)], [3, 2]), new() { ResponseLogProbs = logp }).Loss.dtype, Is.EqualTo(torch.ScalarType.Float32));
    }

    [Test]
    public void No_tensor_outlives_its_scope() => AssertLeavesNoTensor(
        new SftLoss(), Batch([Preference(1), Tie(2)], [4, 3, 0, 2]), new() { ResponseLogProbs = Leaf(-12, -15, 0, -4) });
}
