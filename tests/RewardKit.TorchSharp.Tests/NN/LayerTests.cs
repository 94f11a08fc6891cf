using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.NN;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class LayerTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        manual_seed(1);
    }

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void Linear_by_hand()
    {
        var layer = nn.Linear(nn.Parameter(tensor(new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } }, device: Device)), nn.Parameter(tensor(new float[] { 10, 20, 30 }, device: Device)));
        Assert.That((layer.in_features, layer.out_features), Is.EqualTo((2, 3)));
        Assert.That(layer.call(tensor(new float[] { 1, -1 }, device: Device)).Floats(), Is.EqualTo(new float[] { 9, 19, 29 }));
    }

    [Test]
    public void Linear_gives_one_row_what_it_gives_that_row_among_others([Values] bool withBias, [Values(1, 2, 3)] int dimensions)
    {
        var weight = nn.Parameter(rand(5, 7, ScalarType.Float64, Device));
        var bias = withBias ? nn.Parameter(rand(5, ScalarType.Float64, Device)) : null;
        var layer = nn.Linear(weight, bias);
        var rows = rand(3, 7, ScalarType.Float64, Device).requires_grad_();

        var together = layer.call(rows);
        together[1].pow(2).sum().backward();
        var (byRow, byWeight) = (rows.grad![1], weight.grad!);
        weight.grad = null;
        var alone = rows[1].detach().view(dimensions switch { 1 => [7], 2 => [1, 7], _ => [1, 1, 7] }).requires_grad_();
        var one = layer.call(alone);
        one.pow(2).sum().backward();

        Assert.That(one.shape, Is.EqualTo(dimensions switch { 1 => new long[] { 5 }, 2 => [1, 5], _ => [1, 1, 5] }));
        Assert.That(allclose(one.view(5), together[1]));
        Assert.That(allclose(alone.grad!.view(7), byRow));
        Assert.That(allclose(weight.grad!, byWeight));
    }

    // Widths with and without a tail beside whole vectors, and blocks of rows and columns alike.
    [Test]
    public void Linear_gives_few_rows_without_gradients_what_it_gives_with_them(
        [Values(1, 2, 3, 4, 7, 32, 33)] int rows, [Values(1, 6, 16, 45, 130)] int inputs, [Values(1, 5, 8, 27, 400)] int outputs)
    {
        foreach (var (type, tolerance) in new[] { (ScalarType.Float64, 1e-13), (ScalarType.Float32, 1e-4) })
        {
            var (x, weight, bias) = (randn(rows, inputs, type, Device), nn.Parameter(randn(outputs, inputs, type, Device)), rand(outputs, type, Device));
            foreach (var b in new[] { null, bias })
            {
                var recorded = nn.functional.linear(x, weight, b);
                using var _ = no_grad();
                Assert.That((nn.functional.linear(x, weight, b) - recorded).abs().max().ToDouble(), Is.LessThan(tolerance * Math.Sqrt(inputs)));
            }
        }
    }

    [Test]
    public void Linear_without_gradients_gives_a_row_the_same_bits_in_any_company()
    {
        if (Device.type != DeviceType.CPU) Assert.Ignore("elsewhere the libraries decide");
        using var _ = no_grad();
        var (x, weight) = (randn(32, 100, device: Device), randn(77, 100, device: Device));
        var all = nn.functional.linear(x, weight);
        foreach (var rows in new[] { 1, 2, 3, 5, 8, 31 })
            for (var first = 0; first + rows <= 32; first += 3)
                Assert.That((nn.functional.linear(x.narrow(0, first, rows), weight) == all.narrow(0, first, rows)).all().item<bool>(), $"{rows} rows from {first}");
    }

    [Test]
    public void Linear_starts_within_its_bound()
    {
        var layer = nn.Linear(16, 1000, device: Device);
        Assert.That(layer.weight.Floats().Max(Math.Abs), Is.LessThanOrEqualTo(0.25f).And.GreaterThan(0.24f));
        Assert.That(layer.bias!.Floats().Max(Math.Abs), Is.LessThanOrEqualTo(0.25f).And.GreaterThan(0.24f));
        Assert.That(layer.weight.requires_grad);
    }

    [Test]
    public void Embedding_looks_up_rows_and_leaves_the_padding_without_gradient()
    {
        var layer = nn.Embedding(4, 3, padding_idx: 1, device: Device);
        var result = layer.call(tensor(new long[,] { { 2, 1 } }, device: Device));
        Assert.That(result.shape, Is.EqualTo(new long[] { 1, 2, 3 }));
        Assert.That(result.Floats(), Is.EqualTo(layer.weight[2].Floats().Concat(new float[3])));
        result.sum().backward();
        Assert.That(layer.weight.grad!.sum(1).Floats(), Is.EqualTo(new float[] { 0, 0, 3, 0 }));
    }

    [Test]
    public void Layer_norm_by_hand()
    {
        // Mean 2, variance 1.
        var layer = nn.LayerNorm(2, eps: 0, device: Device);
        layer.weight = nn.Parameter(tensor(new float[] { 1, 10 }, device: Device));
        Assert.That(layer.call(tensor(new float[] { 1, 3 }, device: Device)).Floats(), Is.EqualTo(new float[] { -1, 10 }).Within(1e-6));
        Assert.That(nn.LayerNorm(2, elementwise_affine: false, device: Device).parameters(), Is.Empty);
        Assert.That(nn.LayerNorm(2, bias: false, device: Device).named_parameters().Select(entry => entry.name), Is.EqualTo(new[] { "weight" }));
    }

    [Test]
    public void Activations_by_hand()
    {
        var x = tensor(new double[] { -1, 0, 2 }, device: Device);
        var e = Math.E;
        Check(nn.ReLU(), 0, 0, 2);
        Check(nn.Sigmoid(), 1 / (1 + e), 0.5, 1 / (1 + 1 / (e * e)));
        Check(nn.SiLU(), -1 / (1 + e), 0, 2 / (1 + 1 / (e * e)));
        Check(nn.Tanh(), Math.Tanh(-1), 0, Math.Tanh(2));
        // Φ(-1) and Φ(2).
        Check(nn.GELU(), -0.15865525393145707, 0, 2 * 0.9772498680518208);
        Check(nn.GELU(GELU.Approximate.tanh), Approximate(-1), 0, Approximate(2));
        Check(nn.Identity(), -1, 0, 2);

        void Check(nn.Module<Tensor, Tensor> module, params double[] expected) =>
            Assert.That(module.call(x).Doubles(), Is.EqualTo(expected).Within(1e-9), module.GetName());

        static double Approximate(double v) => 0.5 * v * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
    }

    [Test]
    public void In_place_activations_change_their_input()
    {
        var x = tensor(new float[] { -1, 2 }, device: Device);
        nn.ReLU(inplace: true).call(x);
        Assert.That(x.Floats(), Is.EqualTo(new float[] { 0, 2 }));
    }

    [Test]
    public void A_sequence_passes_results_on_and_keeps_only_the_last()
    {
        var model = nn.Sequential(("double", nn.Linear(nn.Parameter(tensor(new float[,] { { 2 } }, device: Device)))), ("cut", nn.ReLU()));
        Assert.That(model.named_parameters().Single().name, Is.EqualTo("double.weight"));
        var x = tensor(new float[,] { { -3 }, { 4 } }, device: Device);
        var before = _scope.DisposablesCount;
        Assert.That(model.call(x).Floats(), Is.EqualTo(new float[] { 0, 8 }));
        Assert.That(_scope.DisposablesCount, Is.EqualTo(before + 1));
    }
}
