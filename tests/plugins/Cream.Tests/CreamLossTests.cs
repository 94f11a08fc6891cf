using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Cream.Tests;

public sealed class CreamLossTests : LossFixture
{
    private static readonly double[] LogProbs = [-42.0, -55.5], Reference = [-44.2, -54.1];

    // h = 0.36.
    [TestCase(1.0, 0.529260449, -0.041095957)]
    [TestCase(0.8, 0.601260449, -0.021095957)]
    [TestCase(0.5, 0.709260449, 0.008904043)]
    [TestCase(0.2, 0.817260449, 0.038904043)]
    [TestCase(0.0, 0.889260449, 0.058904043)]
    public void A_pair_by_hand(double consistency, double expected, double gradient)
    {
        var logProbs = Leaf(LogProbs);
        var result = new CreamLoss(new()).Compute(Labelled(consistency), new() { ResponseLogProbs = logProbs, ReferenceLogProbs = Fixed(Reference) });
        result.Loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Loss), Is.EqualTo(expected).Within(1e-9));
            Assert.That(Gradient(logProbs), Is.EqualTo(new[] { gradient, -gradient }).Within(1e-9));
            Assert.That(Value(result.Metrics["margin.implicit"]), Is.EqualTo(0.36).Within(1e-12));
            Assert.That(Value(result.Metrics["consistency"]), Is.EqualTo(consistency));
            Assert.That(Value(result.Metrics["acc.implicit"]), Is.EqualTo(1));
        });
    }

    [TestCase(0.8, 1.386294361, 0.500402424)]
    [TestCase(0.5, 0, 0.693147181)]
    [TestCase(0.2, -1.386294361, 0.500402424)]
    public void It_is_least_where_the_model_is_as_sure_as_the_label(double consistency, double at, double least)
    {
        Assert.That(LossOf(consistency, at), Is.EqualTo(least).Within(1e-9));
        foreach (var beside in (double[])[at - 0.01, at + 0.01]) Assert.That(LossOf(consistency, beside), Is.GreaterThan(least));
    }

    [Test]
    public void The_mean_consistency_and_each_prompts_own()
    {
        double[] h = [0.36, -0.15, 0.9], own = [0.9, 0.4, 1.0];
        double Mean(params double[] labels)
        {
            var batch = Batch([.. labels.Select((label, i) => Preference(i + 1) with { SoftLabel = label })]);
            return Value(new CreamLoss(new()).Compute(batch, Forward(h)).Loss);
        }

        Assert.Multiple(() =>
        {
            Assert.That(Mean(1, 1, 1), Is.EqualTo(0.547123791).Within(1e-9));
            Assert.That(Mean([.. own.Select(_ => own.Average())]), Is.EqualTo(0.633457124).Within(1e-9));
            Assert.That(Mean(own), Is.EqualTo(0.529123791).Within(1e-9));
        });
    }

    [TestCase(0.25, 0.833333333)]
    [TestCase(0.0, 1)]
    [TestCase(0.1, 0.916666667)]
    [TestCase(0.5, 0.75)]
    public void It_is_dpo_with_the_papers_regulariser(double lambda, double consistency)
    {
        var exact = (1 + lambda) / (1 + 2 * lambda);
        Assert.That(exact, Is.EqualTo(consistency).Within(1e-9));
        foreach (var h in (double[])[0.36, -1.2, 4])
        {
            var (dpo, reverse) = (LossOf(1, h), LossOf(0, h));
            Assert.That(dpo + lambda * (dpo + reverse), Is.EqualTo((1 + 2 * lambda) * LossOf(exact, h)).Within(1e-12));
        }
        if (lambda == 0.25) Assert.That(LossOf(1, 0.36) + lambda * (LossOf(1, 0.36) + LossOf(0, 0.36)), Is.EqualTo(0.883890674).Within(1e-9));
    }

    [Test]
    public void Of_full_consistency_it_is_dpo_bit_for_bit_and_of_none_dpo_with_the_pair_exchanged()
    {
        double[] reversed = [.. LogProbs.Reverse()], reversedReference = [.. Reference.Reverse()];
        (double Loss, double[] Gradient) Of(double? label, double[] logProbs, double[] reference)
        {
            var leaf = Leaf(logProbs);
            var loss = label is { } c
                ? new CreamLoss(new()).Compute(Labelled(c), new() { ResponseLogProbs = leaf, ReferenceLogProbs = Fixed(reference) }).Loss
                : (-0.1 * (leaf - Fixed(reference)).matmul(torch.tensor([1.0, -1.0]))).softplus().mean();
            loss.backward();
            return (Value(loss), Gradient(leaf));
        }

        var dpo = Of(null, LogProbs, Reference);
        var (full, none) = (Of(1, LogProbs, Reference), Of(0, reversed, reversedReference));
        Assert.Multiple(() =>
        {
            Assert.That(full.Loss, Is.EqualTo(dpo.Loss));
            Assert.That(full.Gradient, Is.EqualTo(dpo.Gradient));
            Assert.That(none.Loss, Is.EqualTo(dpo.Loss));
            Assert.That(none.Gradient.Reverse(), Is.EqualTo(dpo.Gradient));
        });
    }

    [Property]
    public void Exchanging_a_pair_and_its_label_changes_nothing(short margin, byte share)
    {
        var (h, c) = (margin / 3000.0, share / 255.0);
        Assert.That(LossOf(1 - c, -h), Is.EqualTo(LossOf(c, h)).Within(1e-12));
        Assert.That(LossOf(0.5, -h), Is.EqualTo(LossOf(0.5, h)).Within(1e-12));
    }

    [Property]
    public void It_is_dpo_tilted_and_cautious_dpo(short margin, byte share)
    {
        var (h, c) = (margin / 3000.0, share / 255.0);
        Assert.That(LossOf(c, h), Is.EqualTo(LossOf(1, h) + (1 - c) * h).Within(1e-9));
        var smoothing = 1 - c;
        Assert.That(LossOf(c, h), Is.EqualTo((1 - smoothing) * Math.Log(1 + Math.Exp(-h)) + smoothing * Math.Log(1 + Math.Exp(h))).Within(1e-9));
    }

    [Test]
    public void At_the_start_every_label_costs_log_two_and_nothing_is_right_or_wrong([Values(0, 0.3, 0.5, 1)] double consistency)
    {
        var logProbs = Leaf(Reference);
        var result = new CreamLoss(new()).Compute(Labelled(consistency), new() { ResponseLogProbs = logProbs, ReferenceLogProbs = Fixed(Reference) });
        result.Loss.backward();
        Assert.Multiple(() =>
        {
            Assert.That(Value(result.Loss), Is.EqualTo(Math.Log(2)).Within(1e-15));
            Assert.That(Value(result.Metrics["acc.implicit"]), Is.EqualTo(0.5));
            Assert.That(Gradient(logProbs)[0], Is.EqualTo(0.1 * (0.5 - consistency)).Within(1e-12), "the strength of the step");
        });
    }

    [Test]
    public void No_gradient_reaches_the_reference()
    {
        var (logProbs, reference) = (Leaf(LogProbs), Leaf(Reference));
        new CreamLoss(new()).Compute(Labelled(0.8), new() { ResponseLogProbs = logProbs, ReferenceLogProbs = reference.detach() }).Loss.backward();
        Assert.That(reference.grad, Is.Null);
    }

    [Test]
    public void Huge_margins_stay_finite([Values(1000, -1000)] double h, [Values(0, 0.7, 1)] double consistency)
    {
        var logProbs = Leaf(h, 0);
        var loss = new CreamLoss(new() { Beta = 1 }).Compute(Labelled(consistency), new() { ResponseLogProbs = logProbs, ReferenceLogProbs = Fixed(0, 0) }).Loss;
        loss.backward();
        Assert.That(Gradient(logProbs).Append(Value(loss)), Has.All.Matches<double>(double.IsFinite));
    }

    [Test]
    public void Two_steps_on_three_answers()
    {
        double[] origin = [0, 0, 0], before = [0, 0.05, 0.1], now = [0.2, -0.1, 0.4];
        double[] Rewards(double[] logits) => [.. LogSoftmax(logits).Zip(LogSoftmax(origin), (a, b) => a - b)];
        var (current, previous) = (Rewards(now), Rewards(before));
        Assert.That(current, Is.EqualTo(new[] { 0.012672971, -0.287327029, 0.212672971 }).Within(1e-9));
        Assert.That(previous, Is.EqualTo(new[] { -0.050833160, -0.000833160, 0.049166840 }).Within(1e-9));
        Assert.That(Agreement.Kendall(current, previous, TieRule.Ordinal), Is.EqualTo(1 / 3.0).Within(1e-12));
        var consistency = Agreement.Consistency(current, previous, Measure.Kendall, TieRule.Ordinal);
        var (best, worst) = (Agreement.Best(current), Agreement.Worst(current));
        Assert.That((consistency, best, worst), Is.EqualTo((2 / 3.0, 2, 1)));

        var logits = torch.tensor(now).requires_grad_();
        var reference = LogSoftmax(now);
        double[][] after = [[0.2, -0.116666667, 0.416666667], [0.2, -0.133250000077, 0.433250000077]];
        double[] losses = [0.693147181, 0.692593014];
        for (var step = 0; step < 2; step++)
        {
            var logProbs = logits.log_softmax(0).index_select(0, torch.tensor([(long)best, worst])).unsqueeze(0);
            var loss = new CreamLoss(new()).Compute(Labelled(consistency), new() { ResponseLogProbs = logProbs, ReferenceLogProbs = Fixed(reference[best], reference[worst]) }).Loss;
            loss.backward();
            Assert.That(Value(loss), Is.EqualTo(losses[step]).Within(1e-9));
            logits = (logits.detach() - logits.grad!).requires_grad_();
            Assert.That(logits.detach().data<double>().ToArray(), Is.EqualTo(after[step]).Within(step == 0 ? 1e-9 : 1e-11));
        }
    }

    [Test]
    public void It_asks_for_what_it_reads_and_leaves_no_tensor()
    {
        Assert.That(new CreamLoss(new()).Needs, Is.EqualTo(ForwardNeeds.ResponseLogProbs | ForwardNeeds.ReferenceLogProbs));
        AssertLeavesNoTensor(new CreamLoss(new()), Labelled(0.8), new() { ResponseLogProbs = Leaf(LogProbs), ReferenceLogProbs = Fixed(Reference) });
    }

    private static double[] LogSoftmax(double[] logits) => [.. logits.Select(l => l - Math.Log(logits.Sum(Math.Exp)))];

    private static PairBatch Labelled(double consistency) => Batch(Preference(1) with { SoftLabel = consistency });

    private static PairForward Forward(params double[] h) => new()
    {
        ResponseLogProbs = Fixed([.. h.SelectMany(each => (double[])[each / 0.1, 0])]),
        ReferenceLogProbs = Fixed(new double[2 * h.Length]),
    };

    private static double LossOf(double consistency, double h)
    {
        using var scope = torch.NewDisposeScope();
        return Value(new CreamLoss(new()).Compute(Labelled(consistency), Forward(h)).Loss);
    }
}
