using RewardKit.Plugins.BradleyTerry;
using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Mmd.Tests;

public sealed class MmdLossTests : LossFixture
{
    // The worked example: two pairs, two bins of length.
    private static readonly MmdOptions Worked = new() { LengthEdges = "100" };
    private static readonly double[] Rewards = [1.3, 0.1, 0.9, 1.1];
    private static readonly long[] Lengths = [210, 40, 80, 230];

    [TestCase(Variant.Unconditional, 1.0, 0.3548748875, 0.8855855559)]
    [TestCase(Variant.Unconditional, 2.0, 0.3548748875, 1.2404604434)] // λ = 2 sums over ordered pairs of bins
    [TestCase(Variant.Conditional, 1.0, 0.9407059878, 1.4714166562)]
    public void Values_of_the_worked_example(Variant variant, double weight, double penalty, double objective)
    {
        var result = new MmdLoss(Worked with { Variant = variant, Weight = weight }).Compute(Batch(Preferences(2), Lengths), new() { Rewards = Leaf(Rewards) });
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Metrics["loss.reward"]), Is.EqualTo(0.5307106684).Within(1e-9));
            Assert.That(Value(result.Metrics["loss.mmd"]), Is.EqualTo(penalty).Within(1e-9));
            Assert.That(Value(result.Loss), Is.EqualTo(objective).Within(1e-9));
            Assert.That(Value(result.Metrics["acc.scalar"]), Is.EqualTo(0.5));
            Assert.That(Value(result.Metrics["margin.scalar"]), Is.EqualTo(0.5).Within(1e-12));
        });
    }

    [Test]
    public void Without_weight_it_is_bradley_terry_bit_for_bit()
    {
        var batch = Batch(Preference(1), Preference(2) with { SoftLabel = 0.7 }, Tie(3));
        var (mine, plain) = (Leaf([.. Rewards, 0.3, -0.4]), Leaf([.. Rewards, 0.3, -0.4]));
        var loss = new MmdLoss(new() { Weight = 0, Over = Compared.Features });
        var result = loss.Compute(batch, new() { Rewards = mine });
        var expected = new BradleyTerryLoss().Compute(batch, new() { Rewards = plain });
        result.Loss.backward();
        expected.Loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(loss.Needs, Is.EqualTo(ForwardNeeds.Rewards));
            Assert.That(Value(result.Loss), Is.EqualTo(Value(expected.Loss)));
            Assert.That(Gradient(mine), Is.EqualTo(Gradient(plain)));
        });
    }

    [Test]
    public void A_constant_added_to_all_rewards_and_the_order_of_the_pairs_change_nothing([Values] Variant variant, [Values] KernelKind kernel)
    {
        var loss = new MmdLoss(new() { Variant = variant, Kernel = kernel, Bins = 2 });
        double Of(double[] rewards, long[] lengths) => Value(loss.Compute(Batch(Preferences(2), lengths), new() { Rewards = Leaf(rewards) }).Loss);
        var plain = Of(Rewards, Lengths);
        Assert.That(Of([.. Rewards.Select(r => r + 5)], Lengths), Is.EqualTo(plain).Within(1e-12));
        Assert.That(Of([.. Rewards[2..], .. Rewards[..2]], [.. Lengths[2..], .. Lengths[..2]]), Is.EqualTo(plain).Within(1e-12));
    }

    [Test]
    public void One_bin_has_no_penalty([Values] Variant variant) => Assert.That(
        Value(PenaltyOf(new() { Variant = variant, LengthEdges = "1000" }, Rewards, Lengths)), Is.Zero);

    [Test]
    public void Conditional_does_not_see_what_tells_chosen_from_rejected() => Assert.Multiple(() =>
    {
        // All chosen responses are long, all rejected ones short.
        Assert.That(Value(PenaltyOf(Worked with { Variant = Variant.Conditional }, Rewards, [210, 40, 300, 50])), Is.Zero);
        Assert.That(Value(PenaltyOf(Worked with { Variant = Variant.Unconditional }, Rewards, [210, 40, 300, 50])), Is.GreaterThan(0.1));
    });

    [Test]
    public void A_tie_is_neither_chosen_nor_rejected()
    {
        double Of(Variant variant, params double[] tie) => Value(new MmdLoss(Worked with { Variant = variant }).Compute(
            Batch([.. Preferences(2), Tie(3)], [.. Lengths, 50, 500]), new() { Rewards = Leaf([.. Rewards, .. tie]) }).Metrics["loss.mmd"]);
        Assert.Multiple(() =>
        {
            Assert.That(Of(Variant.Conditional, 7, -7), Is.EqualTo(0.9407059878).Within(1e-9));
            Assert.That(Of(Variant.Unconditional, 7, -7), Is.Not.EqualTo(0.3548748875).Within(1e-3));
        });
    }

    [Test]
    public void Bins_of_length_hold_equally_many_where_no_edges_are_given()
    {
        // Lengths 1 to 8 in bins of two: the same as edges at 3, 5, 7.
        double[] rewards = [0.3, -1, 2, 0.4, 0.1, 0.8, -0.6, 1.2];
        long[] lengths = [8, 1, 3, 6, 2, 5, 7, 4];
        double Of(MmdOptions options) => Value(PenaltyOf(options with { Variant = Variant.Unconditional }, rewards, lengths));
        Assert.That(Of(new() { Bins = 4 }), Is.EqualTo(Of(new() { LengthEdges = "3,5, 7" })).And.GreaterThan(0));
        Assert.That(Of(new() { Bins = 4 }), Is.Not.EqualTo(Of(new() { LengthEdges = "3, 5" })));
    }

    [Test]
    public void A_phrase_makes_two_bins()
    {
        // The answers of a pair end in its number; the chosen ones begin with "good".
        double Of(MmdOptions options, params long[] lengths) => Value(PenaltyOf(options with { Variant = Variant.Unconditional }, Rewards, lengths));
        Assert.Multiple(() =>
        {
            Assert.That(Of(new() { Phrase = "good" }, 1, 1, 1, 1), Is.EqualTo(Of(Worked, 200, 1, 200, 1)));
            Assert.That(Of(new() { Phrase = "1" }, 1, 1, 1, 1), Is.EqualTo(Of(Worked, 200, 200, 1, 1)));
            Assert.That(Of(new() { Phrase = "Good" }, 1, 1, 1, 1), Is.Zero, "case counts");
        });
    }

    [Test]
    public void Features_are_compared_where_asked_for()
    {
        var loss = new MmdLoss(Worked with { Over = Compared.Features, Variant = Variant.Unconditional });
        // The rewards of the worked example as one of two coordinates, the other being the same for all.
        var features = torch.tensor((double[])[.. Rewards.SelectMany(r => (double[])[r, 4])]).reshape(2, 2, 2).requires_grad_();
        var rewards = Leaf(0, 0, 0, 0);
        var result = loss.Compute(Batch(Preferences(2), Lengths), new() { Rewards = rewards, Features = features });
        result.Loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(loss.Needs, Is.EqualTo(ForwardNeeds.Rewards | ForwardNeeds.Features));
            Assert.That(Value(result.Metrics["loss.mmd"]), Is.EqualTo(0.3548748875).Within(1e-9));
            Assert.That(Gradient(rewards), Is.EqualTo(new[] { -0.25, 0.25, -0.25, 0.25 }).Within(1e-12), "of the Bradley-Terry loss alone");
        });
    }

    [Test]
    public void The_median_bandwidth_is_held_constant()
    {
        double[] GradientOf(MmdOptions options)
        {
            var rewards = Leaf(Rewards);
            new MmdLoss(options).Compute(Batch(Preferences(2), Lengths), new() { Rewards = rewards }).Loss.backward();
            return Gradient(rewards);
        }
        // Distances 1.2, 0.4, 0.2, 0.8, 1.0, 0.2: the lower middle one is 0.4.
        Assert.That(GradientOf(Worked with { MedianBandwidth = true }), Is.EqualTo(GradientOf(Worked with { Bandwidth = 0.4 })).Within(1e-12));
    }

    [Test]
    public void Equal_rewards_have_neither_penalty_nor_gradient_of_one([Values] Variant variant, [Values] bool median)
    {
        // As a head of zeros gives them before the first step.
        var rewards = Leaf(0, 0, 0, 0);
        var penalty = PenaltyOf(new() { Variant = variant, MedianBandwidth = median, Bins = 2 }, rewards, Lengths);
        penalty.backward();
        Assert.That(Value(penalty), Is.Zero);
        Assert.That(Gradient(rewards), Is.All.Zero);
    }

    [TestCase("", null, "lengthEdges is \"\"")]
    [TestCase("100, fifty", null, "ascending whole numbers")]
    [TestCase("100,100", null, "ascending whole numbers")]
    [TestCase("-5", null, "ascending whole numbers")]
    [TestCase(null, "", "phrase is empty")]
    [TestCase("100", "Sure", "both set")]
    public void Traits_that_make_no_sense_are_refused(string? edges, string? phrase, string message) => Assert.That(
        () => new MmdLoss(new() { LengthEdges = edges, Phrase = phrase }),
        Throws.TypeOf<RewardKitException>().With.Message.Contains(message).And.Property("ExitCode").EqualTo(2));

    [Test]
    public void No_tensor_outlives_its_scope([Values] Variant variant, [Values] Compared over, [Values] bool median) => AssertLeavesNoTensor(
        new MmdLoss(new() { Variant = variant, Over = over, MedianBandwidth = median, Bins = 2 }), Batch(Preferences(2), Lengths),
        new() { Rewards = Leaf(Rewards), Features = torch.tensor(Rewards).reshape(2, 2, 1).repeat(1, 1, 3).requires_grad_() });

    private static torch.Tensor PenaltyOf(MmdOptions options, double[] rewards, long[] lengths) => PenaltyOf(options, Leaf(rewards), lengths);

    // The loss less its Bradley-Terry part, with gradient.
    private static torch.Tensor PenaltyOf(MmdOptions options, torch.Tensor rewards, long[] lengths)
    {
        var batch = Batch(Preferences(lengths.Length / 2), lengths);
        return new MmdLoss(options).Compute(batch, new() { Rewards = rewards }).Loss - new BradleyTerryLoss().Compute(batch, new() { Rewards = rewards }).Loss;
    }
}
