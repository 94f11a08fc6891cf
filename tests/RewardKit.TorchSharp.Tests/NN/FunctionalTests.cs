using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.NN;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class FunctionalTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        manual_seed(2);
    }

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void Cross_entropy_by_hand()
    {
        // Logits 0, 0 and 0, ln 3: the losses are ln 2 and, for the first class, ln 4.
        var logits = tensor(new double[,] { { 0, 0 }, { 0, Math.Log(3) } }, device: Device);
        var target = tensor(new long[] { 1, 0 }, device: Device);
        Assert.That(nn.functional.cross_entropy(logits, target).item<double>(), Is.EqualTo((Math.Log(2) + Math.Log(4)) / 2).Within(1e-12));
        Assert.That(nn.functional.cross_entropy(logits, target, reduction: nn.Reduction.None).Doubles(),
            Is.EqualTo(new[] { Math.Log(2), Math.Log(4) }).Within(1e-12));
        Assert.That(nn.functional.cross_entropy(logits, tensor(new long[] { -100, 0 }, device: Device), reduction: nn.Reduction.Sum).item<double>(), Is.EqualTo(Math.Log(4)).Within(1e-12));
        Assert.That(nn.functional.nll_loss(nn.functional.log_softmax(logits, -1), target, reduction: nn.Reduction.Sum).item<double>(),
            Is.EqualTo(Math.Log(8)).Within(1e-12));
    }

    [Test]
    public void Other_losses_by_hand()
    {
        var (a, b) = (tensor(new double[] { 0, 2 }, device: Device), tensor(new double[] { 1, 0 }, device: Device));
        Assert.That(nn.functional.mse_loss(a, b).item<double>(), Is.EqualTo(2.5));
        Assert.That(nn.functional.binary_cross_entropy_with_logits(a, b, reduction: nn.Reduction.Sum).item<double>(),
            Is.EqualTo(Math.Log(2) + Math.Log(1 + Math.Exp(2))).Within(1e-12));
        // KL of (1/2, 1/2) from (1/4, 3/4).
        var (p, q) = (tensor(new[] { 0.5, 0.5 }, device: Device), tensor(new[] { 0.25, 0.75 }, device: Device));
        var expected = 0.5 * Math.Log(2) + 0.5 * Math.Log(2.0 / 3);
        Assert.That(nn.functional.kl_div(q.log(), p.log(), reduction: nn.Reduction.Sum).item<double>(), Is.EqualTo(expected).Within(1e-12));
        Assert.That(nn.functional.kl_div(q.log(), p, log_target: false, reduction: nn.Reduction.Sum).item<double>(), Is.EqualTo(expected).Within(1e-12));
    }

    [Test]
    public void Log_sigmoid_of_large_margins_is_exact()
    {
        var result = nn.functional.logsigmoid(tensor(new double[] { -1000, 0, 1000 }, device: Device));
        Assert.That(result.Doubles(), Is.EqualTo(new[] { -1000, -Math.Log(2), 0 }).Within(1e-12));
    }

    [Test]
    public void Attention_agrees_with_its_definition()
    {
        var (q, k, v) = (randn([2, 3, 4], ScalarType.Float64, device: Device), randn([2, 5, 4], ScalarType.Float64, device: Device), randn([2, 5, 4], ScalarType.Float64, device: Device));
        var mask = tensor(new bool[,] { { true, false, true, true, true }, { false, true, false, false, false }, { true, true, true, true, false } }, device: Device);
        var scores = einsum("bqd,bkd->bqk", q, k) / 2;
        var hidden = scores.masked_fill(mask.logical_not(), double.NegativeInfinity);
        Check(nn.functional.scaled_dot_product_attention(q, k, v), scores);
        Check(nn.functional.scaled_dot_product_attention(q, k, v, mask), hidden);
        Check(nn.functional.scaled_dot_product_attention(q, k, v, scores), scores + scores);
        var causal = scores.masked_fill(ones([3, 5], ScalarType.Bool, device: Device).tril().logical_not(), double.NegativeInfinity);
        Check(nn.functional.scaled_dot_product_attention(q, k, v, is_casual: true), causal);

        void Check(Tensor result, Tensor of) => Assert.That(result.allclose(of.softmax(-1).matmul(v), 1e-12, 1e-12));
    }

    [Test]
    public void Attention_over_long_texts_is_the_softmax_too([Values] bool causal, [Values] bool strided)
    {
        Tensor Input()
        {
            var made = strided ? randn(2, 300, 3, 16, dtype: ScalarType.Float64, device: Device).transpose(1, 2) : randn(2, 3, 300, 16, dtype: ScalarType.Float64, device: Device);
            return made.detach().requires_grad_();
        }
        var inputs = new[] { Input(), Input(), Input() };
        var result = nn.functional.scaled_dot_product_attention(inputs[0], inputs[1], inputs[2], is_casual: causal);
        var scores = inputs[0].matmul(inputs[1].transpose(-2, -1)) / 4;
        if (causal) scores = scores.masked_fill(ones([300, 300], ScalarType.Bool, device: Device).triu(1), double.NegativeInfinity);
        var expected = scores.softmax(-1).matmul(inputs[2]);
        Assert.That(result.allclose(expected, 1e-10, 1e-10));
        var weights = randn_like(expected);
        var gradients = autograd.grad([result], inputs, [weights]);
        var expectedGradients = autograd.grad([expected], inputs, [weights]);
        Assert.That(gradients.Zip(expectedGradients).All(pair => pair.First.allclose(pair.Second, 1e-10, 1e-10)));
    }

    [Test]
    public void A_query_that_may_see_no_key_gets_zeros_and_no_gradient()
    {
        var q = randn(2, 4, requires_grad: true, device: Device);
        var mask = tensor(new[,] { { false, false, false }, { true, false, true } }, device: Device);
        var result = nn.functional.scaled_dot_product_attention(q, randn(3, 4, device: Device), randn(3, 4, device: Device), mask);
        result.sum().backward();
        Assert.That(result[0].Floats(), Is.All.Zero);
        Assert.That(q.grad![0].Floats(), Is.All.Zero);
        Assert.That(q.grad.isfinite().all().item<bool>());
    }

    [Test]
    public void Padding_lengthens_the_last_dimensions()
    {
        var x = tensor(new float[,] { { 1, 2 } }, device: Device);
        Assert.That(nn.functional.pad(x, (1, 2), value: 9).Floats(), Is.EqualTo(new float[] { 9, 1, 2, 9, 9 }));
        Assert.That(nn.functional.pad(x, (0, 0, 1, 0)).Floats(), Is.EqualTo(new float[] { 0, 0, 1, 2 }));
        Assert.That(nn.functional.pad(x, 1).shape, Is.EqualTo(new long[] { 1, 4 }));
    }

    [Test]
    public void Small_ones_by_hand()
    {
        Assert.That(nn.functional.one_hot(tensor(new long[] { 2, 0 }, device: Device), 3).Longs(), Is.EqualTo(new long[] { 0, 0, 1, 1, 0, 0 }));
        Assert.That(nn.functional.normalize(tensor(new float[,] { { 3, 4 }, { 0, 0 } }, device: Device)).Floats(), Is.EqualTo(new[] { 0.6f, 0.8f, 0, 0 }).Within(1e-6));
        Assert.That(nn.functional.softplus(tensor(new double[] { 0, 30 }, device: Device)).Doubles(), Is.EqualTo(new[] { Math.Log(2), 30 }).Within(1e-12));
    }

    [Test]
    public void Initial_values_have_the_wanted_spread()
    {
        var weight = empty(200, 300, device: Device);
        double Largest() => weight.abs().max().item<float>();
        double Deviation() => weight.std().item<float>();
        nn.init.xavier_uniform_(weight);
        Assert.That(Largest(), Is.EqualTo(Math.Sqrt(6.0 / 500)).Within(1e-3));
        nn.init.kaiming_uniform_(weight, mode: nn.init.FanInOut.FanOut, nonlinearity: nn.init.NonlinearityType.ReLU);
        Assert.That(Largest(), Is.EqualTo(Math.Sqrt(6.0 / 200)).Within(1e-3));
        nn.init.normal_(weight, 0, 0.02);
        Assert.That(Deviation(), Is.EqualTo(0.02).Within(5e-4));
        nn.init.trunc_normal_(weight, 0, 1, -1, 1);
        // The standard deviation of a standard normal distribution cut off at ±1.
        Assert.That(Deviation(), Is.EqualTo(0.5396).Within(5e-3));
        Assert.That(Largest(), Is.LessThanOrEqualTo(1));
        nn.init.constant_(weight, 3);
        Assert.That(weight.Floats(), Is.All.EqualTo(3f));
    }

    [Test]
    public void Clipping_scales_all_gradients_together()
    {
        var (a, b) = (nn.Parameter(zeros(2, device: Device)), nn.Parameter(zeros(1, device: Device)));
        a.grad = tensor(new float[] { 2, 3 }, device: Device);
        b.grad = tensor(new float[] { 6 }, device: Device);
        Assert.That(nn.utils.clip_grad_norm_([a, b, nn.Parameter(zeros(1, device: Device))], 70), Is.EqualTo(7).Within(1e-6));
        Assert.That(a.grad!.Floats(), Is.EqualTo(new float[] { 2, 3 }));
        Assert.That(nn.utils.clip_grad_norm_([a, b], 3.5), Is.EqualTo(7).Within(1e-6));
        Assert.That(a.grad!.Floats().Concat(b.grad!.Floats()), Is.EqualTo(new float[] { 1, 1.5f, 3 }).Within(1e-5));
        Assert.That(nn.utils.clip_grad_norm_([a, b], 1, double.PositiveInfinity), Is.EqualTo(3).Within(1e-5));
        Assert.That(b.grad!.Floats().Single(), Is.EqualTo(1).Within(1e-5));
        nn.utils.clip_grad_value_([a, b], 0.4);
        Assert.That(a.grad!.Floats(), Is.EqualTo(new[] { 1 / 3f, 0.4f }).Within(1e-5));
    }

    [Test]
    public void A_norm_that_is_no_number_reaches_the_gradients()
    {
        var a = nn.Parameter(zeros(2, device: Device));
        a.grad = tensor(new float[] { 1, float.NaN }, device: Device);
        Assert.That(nn.utils.clip_grad_norm_([a], 1), Is.NaN);
        Assert.That(a.grad!.Floats(), Is.All.NaN);
    }

    [Test]
    public void Parameters_go_into_a_vector_and_back()
    {
        var (a, b) = (nn.Parameter(ones(2, 2, device: Device)), nn.Parameter(full(1, 5.0, device: Device)));
        var vector = nn.utils.parameters_to_vector([a, b]);
        Assert.That(vector.Floats(), Is.EqualTo(new float[] { 1, 1, 1, 1, 5 }));
        nn.utils.vector_to_parameters(arange(5, float32, device: Device), [a, b]);
        Assert.That(a.Floats().Concat(b.Floats()), Is.EqualTo(new float[] { 0, 1, 2, 3, 4 }));
    }
}
