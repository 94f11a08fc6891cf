using RewardKit.Plugins.BradleyTerry;
using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Dpo.Tests;

public sealed class DpoLossTests : LossFixture
{
    // Chosen and rejected in turn: z = 3.6 for the first pair, −1.5 for the second, 9 for the third.
    private static readonly double[] LogProbs = [-42, -55.5, -20, -18, -10, -21];
    private static readonly double[] Reference = [-44.2, -54.1, -19, -18.5, -12, -14];

    // β = 0.1, h = 0.36. A label C is CREAM's consistency, and conservative DPO's 1 − ε.
    [TestCase(1.0, 0.529260449, -0.410959566, -0.041095957)]
    [TestCase(0.8, 0.601260449, -0.210959566, -0.021095957)]
    [TestCase(0.5, 0.709260449, 0.089040434, 0.008904043)]
    [TestCase(0.2, 0.817260449, 0.389040434, 0.038904043)]
    [TestCase(0.0, 0.889260449, 0.589040434, 0.058904043)]
    public void The_worked_loss_at_each_label(double label, double expected, double byH, double byLogProb)
    {
        var logp = Leaf(LogProbs[..2]);
        var loss = new DpoLoss(new()).Compute(Batch(Preference(1) with { SoftLabel = label }), new() { ResponseLogProbs = logp, ReferenceLogProbs = Fixed(Reference[..2]) }).Loss;
        loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(loss), Is.EqualTo(expected).Within(1e-9));
            Assert.That(Gradient(logp), Is.EqualTo(new[] { byLogProb, -byLogProb }).Within(1e-9));
            Assert.That(Gradient(logp)[0] / 0.1, Is.EqualTo(byH).Within(1e-8));
        });
    }

    [TestCase(DpoForm.Sigmoid, 0.0, LabelNoise.Conservative, 0.529260449)]
    [TestCase(DpoForm.Sigmoid, 0.2, LabelNoise.Conservative, 0.601260449)]
    [TestCase(DpoForm.Sigmoid, 0.2, LabelNoise.Robust, 0.409260449)]
    [TestCase(DpoForm.Ipo, 0.0, LabelNoise.Conservative, 1.96)]
    [TestCase(DpoForm.Hinge, 0.0, LabelNoise.Conservative, 0.64)]
    public void The_worked_loss_of_each_form(DpoForm form, double smoothing, LabelNoise noise, double expected) =>
        Assert.That(LossOf(3.6, new() { Form = form, LabelSmoothing = smoothing, LabelNoise = noise }), Is.EqualTo(expected).Within(1e-9));

    [Test]
    public void The_worked_mean_of_labels_of_one_kind_and_of_each_pair_its_own()
    {
        // h = 0.36, −0.15, 0.9, and CREAM's consistencies: none, their mean, each pair's.
        double Mean(params double[] labels) => Value(new DpoLoss(new()).Compute(
            Batch([.. Preferences(3).Zip(labels, (pair, label) => pair with { SoftLabel = label })]),
            new() { ResponseLogProbs = Leaf(LogProbs), ReferenceLogProbs = Fixed(Reference) }).Loss);

        var mean = (0.9 + 0.4 + 1) / 3;
        Assert.Multiple(() =>
        {
            Assert.That(Mean(1, 1, 1), Is.EqualTo(0.547123791).Within(1e-9));
            Assert.That(Mean(mean, mean, mean), Is.EqualTo(0.633457124).Within(1e-9));
            Assert.That(Mean(0.9, 0.4, 1), Is.EqualTo(0.529123791).Within(1e-9));
        });
    }

    [Test]
    public void The_worked_regulariser_is_a_soft_label()
    {
        // L_DPO + λ L_reg = (1 + 2λ) [C L_DPO + (1 − C) L_RDPO] with C = (1 + λ)/(1 + 2λ), at λ = 0.25 and h = 0.36.
        const double lambda = 0.25, c = (1 + lambda) / (1 + 2 * lambda);
        var (plain, reverse) = (Softplus(-0.36), Softplus(0.36));
        Assert.Multiple(() =>
        {
            Assert.That(plain + lambda * (plain + reverse), Is.EqualTo(0.883890674).Within(1e-9));
            Assert.That((1 + 2 * lambda) * LossOf(3.6, new(), c), Is.EqualTo(0.883890674).Within(1e-9));
        });
    }

    [Test]
    public void Two_steps_of_a_tabular_policy()
    {
        // Three answers, softmax of logits; θ_t is the reference of the round; chosen 2, rejected 1; C = 2/3; step size 1.
        var start = torch.tensor((double[])[0.2, -0.1, 0.4]);
        var logits = start.clone().requires_grad_();
        (double, double[])[] expected = [(0.693147181, [0.2, -0.116666667, 0.416666667]), (0.692593014, [0.2, -0.133250000, 0.433250000])];
        foreach (var (value, after) in expected)
        {
            var result = new DpoLoss(new()).Compute(Batch(Preference(1) with { SoftLabel = 2.0 / 3 }), new()
            {
                ResponseLogProbs = Answers(logits),
                ReferenceLogProbs = Answers(start).detach(),
            });
            result.Loss.backward();
            Assert.That(Value(result.Loss), Is.EqualTo(value).Within(1e-9));
            logits = (logits - logits.grad!).detach().requires_grad_();
            Assert.That(logits.data<double>().ToArray(), Is.EqualTo(after).Within(1e-9));
        }

        static torch.Tensor Answers(torch.Tensor logits) => logits.log_softmax(0).index_select(0, torch.tensor((long[])[2, 1])).reshape(1, 2);
    }

    [Test]
    public void It_is_bradley_terry_of_the_implicit_reward()
    {
        var batch = Batch(Preference(1), Preference(2) with { SoftLabel = 0.7 }, Tie(3));
        var loss = new DpoLoss(new() { Beta = 0.5 }).Compute(batch, new() { ResponseLogProbs = Fixed(LogProbs), ReferenceLogProbs = Fixed(Reference) }).Loss;
        var expected = new BradleyTerryLoss().Compute(batch, new() { Rewards = 0.5 * (Fixed(LogProbs) - Fixed(Reference)) }).Loss;
        Assert.That(Value(loss), Is.EqualTo(Value(expected)).Within(1e-15));
    }

    [Test]
    public void A_label_of_one_is_dpo_and_of_zero_dpo_on_exchanged_responses_bit_for_bit()
    {
        double Of(PreferenceExample pair, double[] logp, double[] reference) =>
            Value(new DpoLoss(new()).Compute(Batch(pair), new() { ResponseLogProbs = Fixed(logp), ReferenceLogProbs = Fixed(reference) }).Loss);

        Assert.Multiple(() =>
        {
            Assert.That(Of(Preference(1) with { SoftLabel = 1 }, [-42, -55.5], [-44.2, -54.1]), Is.EqualTo(Of(Preference(1), [-42, -55.5], [-44.2, -54.1])));
            Assert.That(Of(Preference(1) with { SoftLabel = 0 }, [-42, -55.5], [-44.2, -54.1]), Is.EqualTo(Of(Preference(1), [-55.5, -42], [-54.1, -44.2])));
        });
    }

    [Test]
    public void Before_the_first_step_the_loss_is_the_logarithm_of_two_and_nothing_is_right([Values(1.0, 0.8, 0.5, 0.0)] double label)
    {
        var result = new DpoLoss(new()).Compute(
            Batch(Preference(1) with { SoftLabel = label }, Preference(2) with { SoftLabel = label }),
            new() { ResponseLogProbs = Leaf(-7, -30, -1, -2), ReferenceLogProbs = Fixed(-7, -30, -1, -2) });
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Loss), Is.EqualTo(Math.Log(2)).Within(1e-15));
            Assert.That(Value(result.Metrics["acc.implicit"]), Is.EqualTo(0.5));
        });
    }

    [Test]
    public void Needs_follow_the_options() => Assert.Multiple(() =>
    {
        Assert.That(new DpoLoss(new()).Needs, Is.EqualTo(ForwardNeeds.ResponseLogProbs | ForwardNeeds.ReferenceLogProbs));
        Assert.That(new DpoLoss(new() { Reference = false }).Needs, Is.EqualTo(ForwardNeeds.ResponseLogProbs));
    });

    [Test]
    public void Without_a_reference_log_probabilities_stand_alone([Values] DpoForm form)
    {
        var free = new DpoLoss(new() { Form = form, Reference = false }).Compute(Batch(Preferences(3)), new() { ResponseLogProbs = Fixed(LogProbs) }).Loss;
        var uniform = new DpoLoss(new() { Form = form }).Compute(
            Batch(Preferences(3)), new() { ResponseLogProbs = Fixed(LogProbs), ReferenceLogProbs = Fixed(0, 0, 0, 0, 0, 0) }).Loss;
        Assert.That(Value(free), Is.EqualTo(Value(uniform)));
    }

    [Test]
    public void Per_token_log_ratios_are_divided_by_their_own_lengths()
    {
        // (−42 + 44.2)/4 − (−55.5 + 54.1)/7 = 0.75, and IPO's target is 1/(2β) = 1.
        var loss = new DpoLoss(new() { Beta = 0.5, Form = DpoForm.Ipo, PerToken = true }).Compute(
            Batch([Preference(1)], [4, 7]), new() { ResponseLogProbs = Fixed(LogProbs[..2]), ReferenceLogProbs = Fixed(Reference[..2]) }).Loss;
        Assert.That(Value(loss), Is.EqualTo(0.0625).Within(1e-12));
    }

    [Test]
    public void An_empty_response_is_no_division_by_zero() => Assert.That(
        Value(new DpoLoss(new() { PerToken = true, Reference = false }).Compute(Batch([Preference(1)], [0, 4]), new() { ResponseLogProbs = Fixed(0, -8) }).Loss),
        Is.EqualTo(Softplus(-0.2)).Within(1e-12));

    [Test]
    public void Metrics_are_those_of_the_preferences()
    {
        var metrics = new DpoLoss(new()).Compute(
            Batch(Preference(1), Preference(2), Tie(3)), new() { ResponseLogProbs = Leaf(LogProbs), ReferenceLogProbs = Fixed(Reference) }).Metrics;
        Assert.Multiple(() =>
        {
            Assert.That(Value(metrics["acc.implicit"]), Is.EqualTo(0.5));
            Assert.That(Value(metrics["margin.implicit"]), Is.EqualTo((0.36 - 0.15) / 2).Within(1e-12));
            Assert.That(Value(metrics["implicit.chosen"]), Is.EqualTo((0.22 - 0.10) / 2).Within(1e-12));
            Assert.That(Value(metrics["implicit.rejected"]), Is.EqualTo((-0.14 + 0.05) / 2).Within(1e-12));
            Assert.That(new DpoLoss(new()).Compute(Batch(Tie(1)), new() { ResponseLogProbs = Fixed(0, 0), ReferenceLogProbs = Fixed(0, 0) }).Metrics, Is.Empty);
        });
    }

    [Test]
    public void Labels_of_which_half_are_wrong_cannot_be_put_right() => Assert.That(
        () => new DpoLoss(new() { LabelNoise = LabelNoise.Robust, LabelSmoothing = 0.5 }),
        Throws.TypeOf<RewardKitException>().With.Message.Contains("labelSmoothing = 0.5"));

    [Test]
    public void No_gradient_reaches_the_reference()
    {
        var reference = Leaf(Reference);
        new DpoLoss(new()).Compute(Batch(Preferences(3)), new() { ResponseLogProbs = Leaf(LogProbs), ReferenceLogProbs = reference.detach() }).Loss.backward();
        Assert.That(reference.grad, Is.Null);
    }

    [Test]
    public void Huge_differences_stay_finite([Values(1e4, -1e4)] double z, [Values] DpoForm form, [Values] LabelNoise noise)
    {
        var logp = Leaf(z, 0);
        var loss = new DpoLoss(new() { Form = form, LabelNoise = noise, LabelSmoothing = 0.1 }).Compute(
            Batch(Preference(1)), new() { ResponseLogProbs = logp, ReferenceLogProbs = Fixed(0, 0) }).Loss;
        loss.backward();
        Assert.That(Gradient(logp).Append(Value(loss)), Has.All.Matches<double>(double.IsFinite));
    }

    [Property]
    public void A_label_tilts_plain_dpo_by_a_line(short z, byte label)
    {
        var (difference, c) = (z / 1000.0, label / 255.0);
        Assert.That(LossOf(difference, new(), c), Is.EqualTo(LossOf(difference, new()) + (1 - c) * 0.1 * difference).Within(1e-12));
    }

    [Property]
    public void The_gradient_is_the_probability_less_the_label(short z, byte label)
    {
        using var scope = torch.NewDisposeScope();
        var (logp, c) = (Leaf(z / 1000.0, 0), label / 255.0);
        new DpoLoss(new() { Beta = 1 }).Compute(
            Batch(Preference(1) with { SoftLabel = c }), new() { ResponseLogProbs = logp, ReferenceLogProbs = Fixed(0, 0) }).Loss.backward();
        Assert.That(Gradient(logp)[0], Is.EqualTo(1 / (1 + Math.Exp(-z / 1000.0)) - c).Within(1e-12));
    }

    [Property]
    public void Responses_exchanged_and_the_label_turned_change_nothing(short z, byte label, DpoForm form, bool robust)
    {
        var options = new DpoOptions { Form = form, LabelSmoothing = 0.15, LabelNoise = robust ? LabelNoise.Robust : LabelNoise.Conservative };
        var (difference, p) = (z / 1000.0, label / 255.0);
        Assert.That(LossOf(-difference, options, 1 - p), Is.EqualTo(LossOf(difference, options, p)).Within(1e-9));
    }

    [Property]
    public void Constants_added_to_either_models_log_probabilities_change_nothing(short a, short b, short constant, DpoForm form)
    {
        using var scope = torch.NewDisposeScope();
        double Of(double own, double reference) => Value(new DpoLoss(new() { Form = form, Beta = 1 }).Compute(
            Batch(Preference(1)), new() { ResponseLogProbs = Fixed(a / 1000.0 + own, b / 1000.0 + own), ReferenceLogProbs = Fixed(reference, reference - 1) }).Loss);

        var c = constant / 1000.0;
        Assert.That(Of(c, 0), Is.EqualTo(Of(0, 0)).Within(1e-8 * (1 + Of(0, 0))));
        Assert.That(Of(0, c), Is.EqualTo(Of(0, 0)).Within(1e-8 * (1 + Of(0, 0))));
    }

    [Property]
    public void Robust_dpo_has_the_mean_of_plain_dpo_when_labels_are_flipped(short z, byte noise, DpoForm form)
    {
        // A label is right with probability 1 − ε: the two orders of the robust loss, so weighed, give the loss without noise.
        var (difference, epsilon) = (z / 1000.0, noise / 600.0);
        var options = new DpoOptions { Form = form, LabelSmoothing = epsilon, LabelNoise = LabelNoise.Robust };
        var mean = (1 - epsilon) * LossOf(difference, options) + epsilon * LossOf(-difference, options);
        Assert.That(mean, Is.EqualTo(LossOf(difference, new() { Form = form })).Within(1e-6 * (1 + mean)));
    }

    [Property]
    public void Conservative_dpo_is_lowest_where_the_probability_is_that_of_a_right_label(byte noise)
    {
        // At z = log((1 − ε)/ε)/β the loss is the binary entropy of ε; at ε = ½ that is z = 0.
        var epsilon = Math.Clamp(noise / 510.0, 0.01, 0.5);
        var options = new DpoOptions { LabelSmoothing = epsilon };
        var lowest = Math.Log((1 - epsilon) / epsilon) / 0.1;
        var entropy = -epsilon * Math.Log(epsilon) - (1 - epsilon) * Math.Log(1 - epsilon);
        Assert.That(LossOf(lowest, options), Is.EqualTo(entropy).Within(1e-12));
        foreach (var aside in (double[])[-1, 1]) Assert.That(LossOf(lowest + aside, options), Is.GreaterThan(entropy));
    }

    [Test]
    public void No_tensor_outlives_its_scope([Values] DpoForm form) => AssertLeavesNoTensor(
        new DpoLoss(new() { Form = form }), Batch(Preference(1), Preference(2), Tie(3)), new() { ResponseLogProbs = Leaf(LogProbs), ReferenceLogProbs = Fixed(Reference) });

    private static double LossOf(double z, DpoOptions options, double label = 1)
    {
        using var scope = torch.NewDisposeScope();
        return Value(new DpoLoss(options).Compute(
            Batch(Preference(1) with { SoftLabel = label }), new() { ResponseLogProbs = Fixed(z, 0), ReferenceLogProbs = Fixed(0, 0) }).Loss);
    }

    private static double Softplus(double x) => Math.Log(1 + Math.Exp(x));
}
