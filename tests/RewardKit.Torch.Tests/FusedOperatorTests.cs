using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class FusedOperatorTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        manual_seed(11);
    }

    [TearDown]
    public void Close() => _scope.Dispose();

    [TestCase(64)]
    [TestCase(7)]
    public void Rms_norm_agrees_with_its_definition(int dim) =>
        Compare.SameValuesAndGradients(
            x => RmsNorm.Apply(x[0], x[1], 1e-5), x => RmsNorm.Reference(x[0], x[1], 1e-5), 1e-9, Compare.Random(Device, 30, 20, dim), Compare.Random(Device, dim));

    [Test]
    public void Rms_norm_by_hand()
    {
        // The mean square of (3, 4) is 12.5.
        var result = RmsNorm.Apply(tensor(new double[] { 3, 4 }, device: Device).view(1, 2), tensor(new double[] { 1, 10 }, device: Device), 0);
        Assert.That(result.Doubles(), Is.EqualTo(new[] { 3 / Math.Sqrt(12.5), 40 / Math.Sqrt(12.5) }).Within(1e-12));
    }

    [TestCase(8)]
    [TestCase(2)]
    [TestCase(64)]
    public void Rotary_agrees_with_its_definition(int dim)
    {
        var angles = Compare.Random(Device, 40, dim / 2);
        Compare.SameValuesAndGradients(
            x => Rotary.Apply(x[0], angles.cos(), angles.sin()), x => Rotary.Reference(x[0], angles.cos(), angles.sin()), 1e-9, Compare.Random(Device, 40, 3, dim));
    }

    [Test]
    public void Rotary_by_a_quarter_turn()
    {
        // Cosine 0, sine 1: (a, b) becomes (-b, a), with the partner half a head away.
        var result = Rotary.Apply(tensor(new double[] { 1, 2, 3, 4 }, device: Device).view(1, 1, 4), zeros(1, 2, ScalarType.Float64, device: Device), ones(1, 2, ScalarType.Float64, device: Device));
        Assert.That(result.Doubles(), Is.EqualTo(new double[] { -3, -4, 1, 2 }));
    }

    [Test]
    public void Swiglu_agrees_with_its_definition_even_far_out() =>
        Compare.SameValuesAndGradients(
            x => SwiGlu.Apply(x[0], x[1]), x => SwiGlu.Reference(x[0], x[1]), 1e-9, Compare.Random(Device, 33, 21) * 300, Compare.Random(Device, 33, 21));

    [TestCase(5)]
    [TestCase(512)]
    [TestCase(1003)]
    public void Token_log_probs_agree_with_the_log_softmax(int vocabulary)
    {
        var targets = randint(0, vocabulary, [77], ScalarType.Int64, device: Device);
        Compare.SameValuesAndGradients(
            x => TokenLogProbs.Apply(x[0], x[1], targets, 20), x => TokenLogProbs.Reference(x[0], x[1], targets, 77), 1e-9,
            Compare.Random(Device, 77, 24), Compare.Random(Device, vocabulary, 24));
    }

    [Test]
    public void Token_log_probs_of_large_logits_are_finite()
    {
        // Logits 0 and 2000: the probabilities are e^-2000 and 1.
        var result = TokenLogProbs.Apply(tensor(new float[,] { { 1 }, { 1 } }, device: Device), tensor(new float[,] { { 0 }, { 2000 } }, device: Device), tensor(new long[] { 0, 1 }, device: Device));
        Assert.That(result.Floats(), Is.EqualTo(new[] { -2000f, 0f }));
    }

    [Test]
    public void Token_log_probs_gradients_reach_a_frozen_heads_input_alone()
    {
        var hidden = Compare.Random(Device, 4, 3).requires_grad_();
        var head = Compare.Random(Device, 6, 3);
        TokenLogProbs.Apply(hidden, head, tensor(new long[] { 0, 1, 2, 3 }, device: Device)).sum().backward();
        Assert.That(hidden.grad, Is.Not.Null);
        Assert.That(head.grad, Is.Null);
    }

    [Test]
    public void A_target_outside_the_vocabulary_is_refused() =>
        Assert.That(() => TokenLogProbs.Apply(Compare.Random(Device, 1, 2), Compare.Random(Device, 3, 2), tensor(new long[] { 3 }, device: Device)),
            Throws.Exception.With.Message.Contains("outside the vocabulary of 3"));

    [TestCase(-1)]
    [TestCase(long.MinValue)]
    [TestCase(long.MaxValue)]
    public void No_target_reads_outside_the_logits(long target) =>
        Assert.That(() => TokenLogProbs.Apply(Compare.Random(Device, 2, 2), Compare.Random(Device, 3, 2), tensor(new[] { 0, target }, device: Device)),
            Throws.Exception.With.Message.Contains("outside the vocabulary of 3"));

    [Test]
    public void No_rows_make_an_empty_result_and_zero_gradients()
    {
        var (hidden, head) = (Compare.Random(Device, 0, 3).requires_grad_(), Compare.Random(Device, 5, 3).requires_grad_());
        TokenLogProbs.Apply(hidden, head, zeros(0, ScalarType.Int64, device: Device)).sum().backward();
        Assert.That(head.grad!.abs().sum().item<double>(), Is.Zero);
        var (x, weight) = (Compare.Random(Device, 0, 3).requires_grad_(), Compare.Random(Device, 3).requires_grad_());
        RmsNorm.Apply(x, weight, 1e-5).sum().backward();
        Assert.That(weight.grad!.abs().sum().item<double>(), Is.Zero);
        Assert.That(SwiGlu.Apply(x, x).shape, Is.EqualTo(new long[] { 0, 3 }));
        Assert.That(Rotary.Apply(Compare.Random(Device, 0, 2, 4), Compare.Random(Device, 0, 2), Compare.Random(Device, 0, 2)).shape, Is.EqualTo(new long[] { 0, 2, 4 }));
    }

    [Test]
    public void Views_that_are_not_contiguous_agree()
    {
        var targets = randint(0, 19, [30], ScalarType.Int64, device: Device);
        Compare.SameValuesAndGradients(
            x => TokenLogProbs.Apply(x[0].t(), x[1].t(), targets, 7), x => TokenLogProbs.Reference(x[0].t(), x[1].t(), targets, 30), 1e-9,
            Compare.Random(Device, 5, 30), Compare.Random(Device, 5, 19));
        Compare.SameValuesAndGradients(
            x => SwiGlu.Apply(x[0].t(), x[1].expand(19, 5)), x => SwiGlu.Reference(x[0].t(), x[1].expand(19, 5)), 1e-9,
            Compare.Random(Device, 5, 19), Compare.Random(Device, 5));
        Compare.SameValuesAndGradients(
            x => RmsNorm.Apply(x[0].t(), x[1].slice(0, 0, 10, 2), 1e-5), x => RmsNorm.Reference(x[0].t(), x[1].slice(0, 0, 10, 2), 1e-5), 1e-9,
            Compare.Random(Device, 5, 19), Compare.Random(Device, 10));
    }

    [TestCase(ScalarType.BFloat16)]
    [TestCase(ScalarType.Float32)]
    public void Other_types_stay_close_to_double(ScalarType type)
    {
        // 8 bits of mantissa and values up to about 10 leave errors of some hundredths.
        var tolerance = type == ScalarType.BFloat16 ? 0.15 : 1e-4;
        var (x, w, segments) = (Compare.Random(Device, 12, 2, 8), Compare.Random(Device, 8), tensor(new long[,] { { 0, 5, 0, 0 }, { 5, 7, 0, 5 } }));
        var angles = Compare.Random(Device, 12, 4);
        Tensor To(Tensor t) => t.to_type(type);
        (Tensor, Tensor)[] pairs =
        [
            (RmsNorm.Apply(To(x), To(w), 1e-5), RmsNorm.Reference(x, w, 1e-5)),
            (Rotary.Apply(To(x), To(angles.cos()), To(angles.sin())), Rotary.Reference(x, angles.cos(), angles.sin())),
            (SwiGlu.Apply(To(x), To(x)), SwiGlu.Reference(x, x)),
            (PackedAttention.Apply(To(x), To(x), To(x), segments, 0.3), PackedAttention.Reference(x, x, x, segments, 0.3)),
            (TokenLogProbs.Apply(To(x.view(24, 8)), To(x.view(24, 8)), arange(0, 24, device: Device)), TokenLogProbs.Reference(x.view(24, 8), x.view(24, 8), arange(0, 24, device: Device), 24)),
        ];
        foreach (var (value, expected) in pairs) Assert.That(Compare.Distance(value.to_type(ScalarType.Float64), expected), Is.LessThan(tolerance));
    }

    [Test]
    public void The_number_of_threads_changes_no_bit_of_a_gradient()
    {
        var x = Compare.Random(Device, 3000, 40).to_type(ScalarType.Float32).requires_grad_();
        var weight = Compare.Random(Device, 40).to_type(ScalarType.Float32).requires_grad_();
        var threads = get_num_threads();
        try
        {
            set_num_threads(1);
            var one = Run();
            set_num_threads(3);
            Assert.That(Run().Zip(one).All(pair => pair.First.cpu().bytes.SequenceEqual(pair.Second.cpu().bytes)));
        }
        finally
        {
            set_num_threads(threads);
        }

        IList<Tensor> Run()
        {
            var value = SwiGlu.Apply(RmsNorm.Apply(x, weight, 1e-5), x);
            return autograd.grad([value], [x, weight], [ones_like(value)]);
        }
    }

    [Test]
    public void Everything_works_in_inference_mode()
    {
        using var inference = inference_mode();
        var (x, segments) = (Compare.Random(Device, 12, 2, 8), tensor(new long[,] { { 0, 5, 0, 0 }, { 5, 7, 0, 5 } }));
        Assert.That(Compare.Distance(PackedAttention.Apply(x, x, x, segments, 0.3), PackedAttention.Reference(x, x, x, segments, 0.3)), Is.LessThan(1e-9));
        var rows = SwiGlu.Apply(RmsNorm.Apply(x, ones(8, ScalarType.Float64, device: Device), 1e-5), x).view(24, 8);
        Assert.That(TokenLogProbs.Apply(rows, rows, arange(0, 24, device: Device)).isfinite().all().item<bool>());
    }

    [Test]
    public void A_tensor_saved_for_the_backward_pass_must_not_change()
    {
        var gate = Compare.Random(Device, 5).requires_grad_();
        var up = Compare.Random(Device, 5);
        var result = SwiGlu.Apply(gate, up).sum();
        up.zero_();
        Assert.That(() => result.backward(), Throws.Exception.With.Message.Contains("modified by an inplace operation"));
    }

    [Test]
    public void Shapes_that_do_not_fit_are_named()
    {
        Assert.That(() => RmsNorm.Apply(Compare.Random(Device, 3, 4), Compare.Random(Device, 5), 0), Throws.Exception.With.Message.Contains("[3, 4] and [5]"));
        Assert.That(() => Rotary.Apply(Compare.Random(Device, 3, 1, 5), Compare.Random(Device, 3, 2), Compare.Random(Device, 3, 2)), Throws.Exception.With.Message.Contains("even dim"));
        Assert.That(() => SwiGlu.Apply(Compare.Random(Device, 3), Compare.Random(Device, 4)), Throws.Exception.With.Message.Contains("[3] and [4]"));
    }
}
