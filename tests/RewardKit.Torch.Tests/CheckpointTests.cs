using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace RewardKit.Torch.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class CheckpointTests(DeviceType type) : DeviceTests(type)
{
    private readonly DeviceType _type = type;
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        manual_seed(17);
    }

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void Gradients_and_random_numbers_are_those_of_the_plain_run([Values] bool dropout, [Values] bool nested)
    {
        var blocks = Enumerable.Range(0, 4).Select(_ => new Block(Device, dropout ? 0.3 : 0)).ToArray();
        var x = Random(8, 16).requires_grad_();

        Tensor Checkpointed(Tensor h)
        {
            foreach (var pair in blocks.Chunk(2))
            {
                h = nested
                    ? Checkpoint.Run(a => Checkpoint.Run(pair[1].Forward, pair[0].Forward(a)), h)
                    : Checkpoint.Run(pair[1].Forward, Checkpoint.Run(pair[0].Forward, h));
            }
            return h;
        }

        var plain = Run(h => blocks.Aggregate(h, (a, block) => block.Forward(a)));
        var checkpointed = Run(Checkpointed);
        Assert.That(checkpointed.Zip(plain).All(pair => pair.First.SequenceEqual(pair.Second)));

        // Value, gradients of the input and the weights, and where the generator stands in the end.
        List<byte[]> Run(Func<Tensor, Tensor> function)
        {
            manual_seed(23);
            var leaves = blocks.SelectMany(block => block.Weights).Append(x).ToList();
            foreach (var leaf in leaves) leaf.grad = null;
            var value = function(x).pow(2).sum();
            value.backward();
            var results = leaves.Select(leaf => leaf.grad!).Append(value.detach()).Append(rand(5, device: Device));
            return results.Select(tensor => tensor.cpu().bytes.ToArray()).ToList();
        }
    }

#if !TORCH_PACKAGE
    [Test]
    public void Autocast_is_as_it_was()
    {
        var block = new Block(Device, 0.2);
        var x = Random(8, 16).requires_grad_();
        Tensor Forward(Tensor h) => block.Forward(h).matmul(block.Weights[0]);
        var plain = Run(Forward);
        var checkpointed = Run(h => Checkpoint.Run(Forward, h));
        Assert.That(checkpointed.Zip(plain).All(pair => pair.First.SequenceEqual(pair.Second)));
        Assert.That(Autocast.IsEnabled(_type), Is.False);

        List<byte[]> Run(Func<Tensor, Tensor> function)
        {
            manual_seed(29);
            Tensor value;
            using (Autocast.Enable(_type)) value = function(x);
            Assert.That(value.dtype, Is.EqualTo(ScalarType.BFloat16));
            var gradients = autograd.grad([value.to_type(ScalarType.Float32).sum()], [x, .. block.Weights]);
            return gradients.Select(gradient => gradient.cpu().bytes.ToArray()).ToList();
        }
    }

    [Test]
    public void Grad_and_chosen_inputs_see_captured_parameters()
    {
        var block = new Block(Device, 0);
        var x = Random(4, 16);
        var plain = autograd.grad([block.Forward(x).sum()], [block.Weights[0]])[0];
        Assert.That(autograd.grad([Checkpoint.Run(block.Forward, x).sum()], [block.Weights[0]])[0].Floats(), Is.EqualTo(plain.Floats()));
        Assert.That(block.Weights[0].grad, Is.Null);
        Checkpoint.Run(block.Forward, x).sum().backward(inputs: [block.Weights[1]]);
        Assert.That((block.Weights[0].grad is null, block.Weights[1].grad is null), Is.EqualTo((true, false)));
    }

    [Test]
    public void Second_derivatives_are_right()
    {
        var weight = new Parameter(Compare.Random(Device, 3, 3));
        var x = Compare.Random(Device, 2, 3).requires_grad_();
        Assert.That(Second(h => Checkpoint.Run(a => a.matmul(weight).tanh(), h)), Is.EqualTo(Second(h => h.matmul(weight).tanh())).Within(1e-12));

        double[] Second(Func<Tensor, Tensor> function)
        {
            var first = autograd.grad([function(x).pow(2).sum()], [x, weight], retain_graph: true, create_graph: true);
            return autograd.grad([first[0].pow(2).sum() + first[1].pow(3).sum()], [x, weight]).SelectMany(gradient => gradient.Doubles()).ToArray();
        }
    }

    [Test]
    public void A_captured_tensor_with_gradients_is_refused()
    {
        var outside = Random(4, 4).requires_grad_() * 2;
        var x = Random(4, 4).requires_grad_();
        Assert.That(() => Checkpoint.Run(h => h * outside, x), Throws.InvalidOperationException.With.Message.Contains("pass that as an input").And.Message.Contains("MulBackward"));
        Assert.That(() => Checkpoint.Run(h => [h[0] * h[1]], x, outside), Throws.Nothing);
    }

    [Test]
    public void A_function_that_changes_its_input_is_refused() =>
        Assert.That(() => Checkpoint.Run(t => [t[0] * t[1].add_(1)], Random(2).requires_grad_(), Random(2)), Throws.InvalidOperationException.With.Message.Contains("changes an input in place"));

    [Test]
    public void What_needs_no_gradient_records_nothing()
    {
        Assert.That(Checkpoint.Run(h => h * 2, Random(2)).requires_grad, Is.False);
        using (no_grad()) Assert.That(Checkpoint.Run(h => h * 2, Random(2).requires_grad_()).requires_grad, Is.False);
    }
#endif

    [Test]
    public void Several_inputs_and_outputs_of_any_kind_pass()
    {
        var (a, b) = (Random(5).requires_grad_(), Random(5));
        var index = tensor(new long[] { 2, 2, 0 }, device: Device);
        var results = Checkpoint.Run(t => [t[0].exp().index_select(0, t[2]), t[0] * t[1], t[0].argmax()], a, b, index);
        Assert.That(results.Select(result => result.requires_grad), Is.EqualTo(new[] { true, true, false }));
        Assert.That(results[2].item<long>(), Is.EqualTo(a.argmax().item<long>()));
        // The second output is not used, and has no part in the gradient.
        results[0].sum().backward();
        var e = a.detach().exp().Floats();
        Assert.That(a.grad!.Floats(), Is.EqualTo(new[] { e[0], 0, 2 * e[2], 0, 0 }));
    }

    [Test]
    public void A_weight_used_in_several_places_sums_its_gradients()
    {
        var weight = new Parameter(Random(6, 6));
        var x = Random(3, 6).requires_grad_();
        Tensor Layer(Tensor h) => h.matmul(weight).tanh();
        Layer(Layer(Layer(x))).sum().backward();
        var plain = weight.grad!.Floats();
        weight.grad = null;
        Layer(Checkpoint.Run(Layer, Layer(x))).sum().backward();
#if TORCH_PACKAGE
        // There the captured weight's gradient is added by the second run itself, before the others.
        Assert.That(weight.grad!.Floats(), Is.EqualTo(plain).Within(1e-5));
#else
        Assert.That(weight.grad!.Floats(), Is.EqualTo(plain));
#endif
    }

    [Test]
    public void The_graph_goes_once_unless_it_is_kept()
    {
        var x = Random(3).requires_grad_();
        var value = Checkpoint.Run(h => h.exp(), x).sum();
        value.backward(retain_graph: true);
        value.backward();
        Assert.That(x.grad!.Floats(), Is.EqualTo((x.detach().exp() * 2).Floats()));
        Assert.That(() => value.backward(), Throws.Exception);
    }

    [Test]
    public void An_input_changed_before_the_backward_pass_is_noticed()
    {
        var x = Random(3).requires_grad_() * 1;
        var value = Checkpoint.Run(h => h.exp(), x).sum();
        x.add_(1);
        Assert.That(() => value.backward(), Throws.Exception.With.Message.Contains("modified by an inplace operation"));
    }

    [Test]
    public void What_was_captured_and_disposed_is_told()
    {
        var x = Random(3).requires_grad_();
        var captured = Random(3);
        var value = Checkpoint.Run(h => h * captured, x).sum();
        captured.Dispose();
        Assert.That(() => value.backward(), Throws.InvalidOperationException.With.Message.Contains("pass it as an input instead"));
    }

    [Test]
    public void An_error_in_the_second_run_comes_out_and_leaves_the_state_as_it_was()
    {
        var x = Random(3).requires_grad_();
        var runs = 0;
        var value = Checkpoint.Run(h => runs++ == 0 ? F.dropout(h) : throw new TimeoutException("again"), x).sum();
        using var before = get_rng_state();
        Assert.That(() => value.backward(), Throws.InstanceOf<TimeoutException>());
        Assert.That(get_rng_state().bytes.SequenceEqual(before.bytes));
        Assert.That(is_grad_enabled());
    }

    [Test]
    public void Activations_are_dropped()
    {
        const int depth = 16;
        var x = Random(4096, 512).requires_grad_();
        Tensor Layer(Tensor h) => h.sigmoid().tanh();
        // Each layer keeps two results of 8 MiB for its backward pass, or its input.
        var plain = Held(h => Layer(h));
        var checkpointed = Held(h => Checkpoint.Run(Layer, h));
        Assert.That(plain, Is.GreaterThan(depth * 15L << 20));
        Assert.That(checkpointed, Is.LessThan(depth * 10L << 20));

        long Held(Func<Tensor, Tensor> layer)
        {
            Memory.ReleaseCache();
            var before = Memory.Stats(Device).Allocated;
            using var scope = NewDisposeScope();
            var h = x;
            for (var k = 0; k < depth; k++)
            {
                using var inner = NewDisposeScope();
                h = layer(h).MoveToOuterDisposeScope();
            }
            using var value = h.sum();
            scope.DisposeEverythingBut([value]);
            Memory.ReleaseCache();
            var held = Memory.Stats(Device).Allocated - before;
            value.backward();
            return held;
        }
    }

    [Test]
    public void Nothing_stays_alive()
    {
        var block = new Block(Device, 0.1);
        void Step()
        {
            using var scope = NewDisposeScope();
            Checkpoint.Run(block.Forward, Checkpoint.Run(block.Forward, Random(8, 16))).sum().backward();
            foreach (var weight in block.Weights) weight.grad = null;
        }
        Step();
        var before = LiveTensors.Count;
        for (var k = 0; k < 5; k++) Step();
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    private Tensor Random(params long[] shape) => randn(shape, ScalarType.Float32, Device);

    private sealed class Block(Device device, double dropout)
    {
        public Parameter[] Weights { get; } = [new(randn(16, 32, device: device) * 0.3), new(randn(32, 16, device: device) * 0.3)];

        public Tensor Forward(Tensor x) => x + F.dropout(x.matmul(Weights[0]).relu().matmul(Weights[1]), dropout);
    }
}
