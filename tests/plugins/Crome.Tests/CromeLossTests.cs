using RewardKit.Plugins.BradleyTerry;
using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Crome.Tests;

public sealed class CromeLossTests : LossFixture
{
    // Three preferences with margins 1.2, −0.3, 0.8; two ties with 0.5, −1.0.
    private static readonly double[] Rewards = [2.0, 0.8, 0.1, 0.4, 1.5, 0.7, 0.3, -0.2, -0.2, 0.8];

    private static PairBatch Mixed => Batch(Preference(1), Preference(2), Preference(3), Tie(4), Tie(5));

    [TestCase(0, 0.6931471806, 0.0000000000, 0.2500000000)]
    [TestCase(0.5, 0.7240769842, 0.1224593312, 0.2350037122)]
    [TestCase(1, 0.8132616875, 0.2310585786, 0.1966119332)]
    [TestCase(-2, 1.1269280110, -0.3807970780, 0.1049935854)]
    [TestCase(5, 2.5067153485, 0.4933071491, 0.0066480567)]
    [TestCase(20, 10.0000000021, 0.4999999979, 0.0000000021)]
    public void Value_and_derivatives_of_a_tie(double margin, double value, double gradient, double second)
    {
        const double h = 2e-3;
        Assert.Multiple(() =>
        {
            Assert.That(TieLoss(margin).Value, Is.EqualTo(value).Within(1e-8));
            Assert.That(TieLoss(margin).Gradient, Is.EqualTo(gradient).Within(1e-8));
            Assert.That((TieLoss(margin + h).Gradient - TieLoss(margin - h).Gradient) / (2 * h), Is.EqualTo(second).Within(1e-6));
        });
    }

    [TestCase(1.0, 3.0260770495)]
    [TestCase(0.5, 2.2574077136)]
    [TestCase(0.0, 1.4887383778)]
    public void The_loss_of_a_mixed_batch_is_the_weighted_sum_over_its_rows(double tieWeight, double sum)
    {
        var rewards = Leaf(Rewards);
        var loss = new CromeLoss(new() { TieWeight = tieWeight }).Compute(Mixed, new() { Rewards = rewards }).Loss;
        loss.backward();
        double[] ofMargin =
            [-0.2314752165, -0.5744425168, -0.3100255189, tieWeight * 0.1224593312, tieWeight * -0.2310585786];
        Assert.Multiple(() =>
        {
            Assert.That(Value(loss), Is.EqualTo(sum / 5).Within(1e-9));
            Assert.That(Gradient(rewards), Is.EqualTo(ofMargin.SelectMany(g => new[] { g / 5, -g / 5 })).Within(1e-9));
        });
    }

    // Two replies of logits 1.3 and 0.4, alone or beside a token of −1.0.
    [TestCase(Vocabulary.Labels, false, 0.3411538747)]
    [TestCase(Vocabulary.Labels, true, 0.7911538747)]
    [TestCase(Vocabulary.Full, false, 0.4100071132)]
    [TestCase(Vocabulary.Full, true, 0.8600071132)]
    public void The_pairwise_form_has_the_cross_entropy_of_the_reply(Vocabulary vocabulary, bool tie, double expected)
    {
        var replies = torch.tensor((double[])[1.3, 0.4, -1.0]).log_softmax(0).narrow(0, 0, 2).unsqueeze(0);
        var loss = new CromeLoss(new() { Form = Form.Pairwise, Vocabulary = vocabulary });
        Assert.That(Value(loss.Compute(Batch(tie ? Tie(1) : Preference(1)), new() { Preferences = replies }).Loss), Is.EqualTo(expected).Within(1e-9));
    }

    [Test]
    public void Both_forms_are_the_same_function_of_the_margin()
    {
        var (scalar, pairwise) = (Leaf(Rewards), Leaf(Rewards));
        var one = new CromeLoss(new() { TieWeight = 2 }).Compute(Mixed, new() { Rewards = scalar }).Loss;
        var other = new CromeLoss(new() { TieWeight = 2, Form = Form.Pairwise }).Compute(Mixed, new() { Preferences = pairwise }).Loss;
        one.backward();
        other.backward();
        Assert.That(Value(other), Is.EqualTo(Value(one)));
        Assert.That(Gradient(pairwise), Is.EqualTo(Gradient(scalar)));
    }

    [Test]
    public void Metrics_keep_preferences_and_ties_apart()
    {
        var metrics = new CromeLoss(new() { TieWeight = 3 }).Compute(Mixed, new() { Rewards = Leaf(Rewards) }).Metrics;
        Assert.Multiple(() =>
        {
            Assert.That(Value(metrics["loss.preference"]), Is.EqualTo(1.4887383778 / 3).Within(1e-9));
            Assert.That(Value(metrics["loss.tie"]), Is.EqualTo(1.5373386717 / 2).Within(1e-9));
            Assert.That(Value(metrics["acc.scalar"]), Is.EqualTo(2 / 3.0).Within(1e-12));
            Assert.That(Value(metrics["margin.scalar"]), Is.EqualTo(1.7 / 3).Within(1e-12));
            Assert.That(Value(metrics["margin.tie"]), Is.EqualTo(0.75).Within(1e-12));
        });
    }

    [Test]
    public void A_batch_of_one_kind_has_no_metrics_of_the_other()
    {
        IEnumerable<string> Names(PreferenceExample example) =>
            new CromeLoss(new()).Compute(Batch(example), new() { Rewards = Leaf(1, 0) }).Metrics.Keys;
        Assert.That(Names(Tie(1)), Is.EquivalentTo(new[] { "loss.tie", "margin.tie" }));
        Assert.That(Names(Preference(1)), Is.EquivalentTo(new[] { "loss.preference", "acc.scalar", "margin.scalar" }));
    }

    [Test]
    public void Without_ties_it_is_bradley_terry_bit_for_bit([Values(0.0, 1.0)] double tieWeight)
    {
        var batch = Batch(Preference(1), Preference(2) with { SoftLabel = 0.7 }, Preference(3));
        var (mine, plain) = (Leaf(Rewards[..6]), Leaf(Rewards[..6]));
        var loss = new CromeLoss(new() { TieWeight = tieWeight }).Compute(batch, new() { Rewards = mine }).Loss;
        var expected = new BradleyTerryLoss().Compute(batch, new() { Rewards = plain }).Loss;
        loss.backward();
        expected.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(loss), Is.EqualTo(Value(expected)));
            Assert.That(Gradient(mine), Is.EqualTo(Gradient(plain)));
        });
    }

    [Property]
    public void A_tie_is_even_and_grows_with_the_margin_at_a_slope_below_one_half(short a, short b)
    {
        var (small, large) = (Math.Min(Math.Abs(a / 2000.0), Math.Abs(b / 2000.0)), Math.Max(Math.Abs(a / 2000.0), Math.Abs(b / 2000.0)));
        var (lossSmall, lossLarge) = (TieLoss(small), TieLoss(large));
        Assert.Multiple(() =>
        {
            Assert.That(TieLoss(-small).Value, Is.EqualTo(lossSmall.Value).Within(1e-12));
            Assert.That(TieLoss(-small).Gradient, Is.EqualTo(-lossSmall.Gradient).Within(1e-12));
            Assert.That(lossLarge.Value - lossSmall.Value, small < large ? Is.Positive : Is.Zero);
            Assert.That(lossLarge.Gradient, Is.InRange(0, 0.5));
        });
    }

    [Property]
    public void Swapping_a_preference_gives_the_loss_of_the_opposite_label(short chosen, short rejected)
    {
        var (a, b) = (chosen / 1000.0, rejected / 1000.0);
        using var scope = torch.NewDisposeScope();
        double LossOf(PreferenceExample example, double first, double second) =>
            Value(new CromeLoss(new()).Compute(Batch(example), new() { Rewards = Leaf(first, second) }).Loss);
        Assert.That(LossOf(Preference(1), b, a), Is.EqualTo(LossOf(Preference(1) with { SoftLabel = 0 }, a, b)).Within(1e-12));
    }

    [Test]
    public void No_tensor_outlives_its_scope() =>
        AssertLeavesNoTensor(new CromeLoss(new()), Mixed, new() { Rewards = Leaf(Rewards) });

    private static (double Value, double Gradient) TieLoss(double margin)
    {
        using var scope = torch.NewDisposeScope();
        var rewards = Leaf(margin, 0);
        var loss = new CromeLoss(new()).Compute(Batch(Tie(1)), new() { Rewards = rewards }).Loss;
        loss.backward();
        return (Value(loss), Gradient(rewards)[0]);
    }
}
