#if !TORCH_PACKAGE
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class AutocastTests(DeviceType type) : DeviceTests(type)
{
    private readonly DeviceType _type = type;
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        manual_seed(11);
    }

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void Products_run_in_the_half_type_inside_a_scope_only()
    {
        var (a, b) = (Random(8, 16), Random(16, 4));
        var exact = a.matmul(b);
        Tensor half;
        using (Autocast.Enable(_type)) half = a.matmul(b);
        Assert.That(half.dtype, Is.EqualTo(ScalarType.BFloat16));
        Assert.That(Compare.Distance(half.to_type(ScalarType.Float32), exact), Is.GreaterThan(0).And.LessThan(0.1));
        Assert.That(a.matmul(b).dtype, Is.EqualTo(ScalarType.Float32));
    }

    [Test]
    public void Float16_is_for_CUDA()
    {
        if (_type == DeviceType.CUDA)
        {
            using var _ = Autocast.Enable(_type, ScalarType.Float16);
            Assert.That(Random(2, 2).matmul(Random(2, 2)).dtype, Is.EqualTo(ScalarType.Float16));
        }
        else
        {
            Assert.That(() => Autocast.Enable(_type, ScalarType.Float16), Throws.InstanceOf<NotSupportedException>().With.Message.Contains("not in Float16"));
        }
    }

    [Test]
    public void Scopes_nest_and_can_turn_it_off()
    {
        var a = Random(4, 4);
        var types = new List<ScalarType>();
        void Note() => types.Add(a.matmul(a).dtype);
        using (Autocast.Enable(_type))
        {
            Note();
            using (Autocast.Disable(_type))
            {
                Note();
                using (Autocast.Enable(_type)) Note();
                Note();
            }
            Note();
        }
        Note();
        var (half, full) = (ScalarType.BFloat16, ScalarType.Float32);
        Assert.That(types, Is.EqualTo(new[] { half, full, half, full, half, full }));
        Assert.That(Autocast.IsEnabled(_type), Is.False);
    }

    [Test]
    public void Weights_stay_single_and_get_single_gradients()
    {
        using var layer = nn.Linear(16, 8);
        layer.to(Device);
        var x = Random(32, 16);
        Tensor Loss() => layer.forward(layer.forward(x).matmul(layer.weight)).to_type(ScalarType.Float32).pow(2).mean();
        Loss().backward();
        var exact = layer.weight!.grad!.clone();
        layer.zero_grad();
        Tensor loss;
        using (Autocast.Enable(_type)) loss = Loss();
        loss.backward();
        var gradient = layer.weight!.grad!;
        Assert.That((layer.weight.dtype, gradient.dtype), Is.EqualTo((ScalarType.Float32, ScalarType.Float32)));
        Assert.That(Compare.Distance(gradient, exact), Is.LessThan(0.05 * exact.abs().max().item<float>()));
    }

    [Test]
    public void The_cast_of_a_weight_is_forgotten_when_the_outermost_scope_ends()
    {
        var x = Random(4, 4);
        var weight = new Parameter(Random(4, 4));
        using (Autocast.Enable(_type))
        {
            using (Autocast.Enable(_type)) x.matmul(weight);
        }
        using (no_grad()) weight.zero_();
        using (Autocast.Enable(_type)) Assert.That(x.matmul(weight).abs().max().to_type(ScalarType.Float32).item<float>(), Is.Zero);
    }

    [Test]
    public void The_operators_of_RewardKit_take_part()
    {
        var segments = tensor(new long[,] { { 0, 12, 0, 0 }, { 12, 8, 0, 12 } });
        var (x, weight, head) = (Random(20, 16), Random(16), Random(50, 16));
        var targets = randint(50, [20], ScalarType.Int64, Device);
        Check(ScalarType.Float32, inputs => RmsNorm.Apply(inputs[0], inputs[1], 1e-5), x, weight);
        Check(ScalarType.Float32, inputs => SwiGlu.Apply(inputs[0], inputs[1]), x, Random(20, 16));
        Check(ScalarType.Float32, inputs => TokenLogProbs.Apply(inputs[0], inputs[1], targets), x, head);
        Check(ScalarType.BFloat16, inputs => PackedAttention.Apply(inputs[0], inputs[1], inputs[2], segments, 0.3), Random(20, 4, 8), Random(20, 2, 8), Random(20, 2, 8));

        // As they come in a model: half types from the products, singles from the weights.
        using var _ = Autocast.Enable(_type);
        var half = x.to_type(ScalarType.BFloat16);
        Assert.That(RmsNorm.Apply(half, weight, 1e-5).dtype, Is.EqualTo(ScalarType.Float32));
        Assert.That(SwiGlu.Apply(half, half).dtype, Is.EqualTo(ScalarType.BFloat16));
        Assert.That(SwiGlu.Apply(half, x).dtype, Is.EqualTo(ScalarType.Float32));
        Assert.That(Rotary.Apply(half.view(20, 2, 8), Random(20, 4), Random(20, 4)).dtype, Is.EqualTo(ScalarType.BFloat16));
        Assert.That(TokenLogProbs.Apply(half, head, targets).dtype, Is.EqualTo(ScalarType.Float32));

        void Check(ScalarType result, Func<Tensor[], Tensor> function, params Tensor[] inputs)
        {
            var leaves = inputs.Select(input => input.detach().requires_grad_()).ToArray();
            var exact = function(leaves);
            var weights = randn_like(exact);
            var exactGradients = autograd.grad([exact], leaves, [weights]);
            Tensor low;
            using (Autocast.Enable(_type)) low = function(leaves);
            Assert.That(low.dtype, Is.EqualTo(result));
            Near(low, exact);
            var gradients = autograd.grad([low], leaves, [weights.to_type(result)]);
            for (var k = 0; k < leaves.Length; k++) Near(gradients[k], exactGradients[k]);
        }

        static void Near(Tensor low, Tensor exact) =>
            Assert.That(Compare.Distance(low.to_type(ScalarType.Float32), exact), Is.LessThan(0.05 * exact.abs().max().item<float>()));
    }

    [Test]
    public void Double_precision_is_left_alone()
    {
        using var _ = Autocast.Enable(_type);
        var x = Compare.Random(Device, 6, 1, 8);
        Assert.That(PackedAttention.Apply(x, x, x, tensor(new long[,] { { 0, 6, 0, 0 } }), 1).dtype, Is.EqualTo(ScalarType.Float64));
        Assert.That(RmsNorm.Apply(x, x[0, 0], 1e-5).dtype, Is.EqualTo(ScalarType.Float64));
    }

    [Test]
    public void The_state_is_the_threads_own()
    {
        using var open = Autocast.Enable(_type);
        var elsewhere = true;
        Exception? refused = null;
        var thread = new Thread(() =>
        {
            elsewhere = Autocast.IsEnabled(_type);
            try
            {
                open.Dispose();
            }
            catch (InvalidOperationException error)
            {
                refused = error;
            }
        });
        thread.Start();
        thread.Join();
        Assert.That(elsewhere, Is.False);
        Assert.That(refused?.Message, Does.Contain("the thread that opened it"));
        Assert.That(Autocast.IsEnabled(_type));
    }

    [Test]
    public void Other_devices_are_refused() =>
        Assert.That(() => Autocast.Enable(DeviceType.META), Throws.InstanceOf<NotSupportedException>().With.Message.Contains("META"));

    private Tensor Random(params long[] shape) => randn(shape, ScalarType.Float32, Device);
}
#endif
