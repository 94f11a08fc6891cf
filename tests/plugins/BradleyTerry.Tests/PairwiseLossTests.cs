using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.BradleyTerry.Tests;

public sealed class PairwiseLossTests : LossFixture
{
    // z_A − z_B = 0.8: RRM's numbers for the labels A, tie, B.
    [TestCase(null, false, 0.3711006659)]
    [TestCase(null, true, 0.7711006659)]
    [TestCase(0.0, false, 1.1711006659)]
    public void Two_labels_have_the_cross_entropy_of_their_logits(double? softLabel, bool tie, double expected)
    {
        var example = (tie ? Tie(1) : Preference(1)) with { SoftLabel = softLabel };
        Assert.That(Value(Loss(new(), example, 1.2, 0.4).Loss), Is.EqualTo(expected).Within(1e-9));
    }

    // Logits (A, B, Same) = (1.2, 0.4, 0.3).
    [TestCase(false, Vocabulary.Labels, 0.6183690121)]
    [TestCase(true, Vocabulary.Labels, 1.5183690121)]
    [TestCase(false, Vocabulary.Full, 0.6183690121)]
    [TestCase(true, Vocabulary.Full, 1.5183690121)]
    public void A_third_label_takes_its_share(bool tie, Vocabulary vocabulary, double expected)
    {
        var options = new PairwiseOptions { Ties = TieTarget.ThirdLabel, Vocabulary = vocabulary };
        Assert.That(Value(Loss(options, tie ? Tie(1) : Preference(1), 1.2, 0.4, 0.3).Loss), Is.EqualTo(expected).Within(1e-9));
    }

    // A third token of logit −1.0 takes part where all tokens do: Crome's numbers.
    [TestCase(false, 0.4100071132)]
    [TestCase(true, 0.8600071132)]
    public void Over_the_full_vocabulary_other_tokens_cost(bool tie, double expected) =>
        Assert.That(Value(Loss(new() { Vocabulary = Vocabulary.Full }, tie ? Tie(1) : Preference(1), 1.3, 0.4, -1.0).Loss), Is.EqualTo(expected).Within(1e-9));

    [Test]
    public void With_two_labels_it_is_bradley_terry_of_their_logits()
    {
        var batch = Batch(Preference(1), Preference(2) with { SoftLabel = 0.7 }, Tie(3));
        double[] logits = [1.3, 0.4, -0.2, 0.9, 0.1, 0.3];
        var (mine, plain) = (Leaf(logits), Leaf(logits));
        var loss = new PairwiseLoss(new()).Compute(batch, new() { Preferences = mine }).Loss;
        var expected = new BradleyTerryLoss().Compute(batch, new() { Rewards = plain }).Loss;
        loss.backward();
        expected.backward();
        Assert.That(Value(loss), Is.EqualTo(Value(expected)).Within(1e-12));
        Assert.That(Gradient(mine), Is.EqualTo(Gradient(plain)).Within(1e-12));
    }

    [Test]
    public void Metrics_are_those_of_the_preferences_and_of_the_labels_share()
    {
        var batch = Batch(Preference(1), Preference(2), Tie(3));
        var metrics = new PairwiseLoss(new()).Compute(batch, new() { Preferences = Fixed(Math.Log(0.5), Math.Log(0.2), -3, -2, Math.Log(0.1), Math.Log(0.1)) }).Metrics;
        Assert.That(Value(metrics["acc.pairwise"]), Is.EqualTo(0.5));
        Assert.That(Value(metrics["margin.pairwise"]), Is.EqualTo((Math.Log(2.5) - 1) / 2).Within(1e-12));
        Assert.That(Value(metrics["mass.labels"]), Is.EqualTo((0.7 + Math.Exp(-3) + Math.Exp(-2) + 0.2) / 3).Within(1e-12));
    }

    [Test]
    public void No_tensor_outlives_its_scope() => AssertLeavesNoTensor(
        new PairwiseLoss(new() { Ties = TieTarget.ThirdLabel }), Batch(Preference(1), Tie(2)),
        new() { Preferences = Leaf(-1, -2, -2, -1), TiePreference = torch.tensor((double[])[-3, -1]).requires_grad_() });

    // The vocabulary is just these logits.
    private static LossResult Loss(PairwiseOptions options, PreferenceExample example, params double[] logits)
    {
        var replies = torch.tensor(logits).log_softmax(0);
        return new PairwiseLoss(options).Compute(Batch(example), new()
        {
            Preferences = replies.narrow(0, 0, 2).unsqueeze(0),
            TiePreference = logits.Length > 2 ? replies.narrow(0, 2, 1) : null!,
        });
    }
}
