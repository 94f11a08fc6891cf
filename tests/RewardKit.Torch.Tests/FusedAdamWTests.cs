using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class FusedAdamWTests(DeviceType type) : DeviceTests(type)
{
    [Test]
    public void The_first_step_by_hand()
    {
        // After one step the corrected means are g and g², so w shrinks to 0.99 w and moves by lr against the gradient's sign.
        using var weight = new Parameter(tensor(new double[] { 1, -2 }, device: Device));
        using var optimiser = new FusedAdamW([new FusedAdamW.Group([("w", weight)], 0.1)]);
        weight.grad = tensor(new double[] { 0.5, -4 }, device: Device);
        optimiser.Step(0.1);
        Assert.That(weight.Doubles(), Is.EqualTo(new[] { 0.99 - 0.1, -1.98 + 0.1 }).Within(1e-7));
    }

    [Test]
    public void Fused_plain_and_TorchSharps_agree()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var start = new[] { Compare.Random(Device, 300, 70), Compare.Random(Device, 5), Compare.Random(Device, 64, 2) };
        Parameter[] Copy() => start.Select(value => new Parameter(value.clone())).ToArray();
        var (fused, plain, theirs) = (Copy(), Copy(), Copy());
        using var a = Optimiser(fused);
        using var b = Optimiser(plain);
        using var c = optim.AdamW(theirs, lr: 1e-2, beta2: 0.95, weight_decay: 0.1);
        for (var step = 0; step < 5; step++)
        {
            for (var k = 0; k < start.Length; k++)
            {
                // The second parameter joins in the third step: its own count starts there.
                if (k == 1 && step < 2) continue;
                var gradient = randn_like(start[k]);
                fused[k].grad = gradient;
                plain[k].grad = gradient;
                theirs[k].grad = gradient * 0.5;
            }
            a.Step(1e-2, 0.5);
            b.StepReference(1e-2, 0.5);
            c.step();
        }
        for (var k = 0; k < start.Length; k++)
        {
            Assert.That(Compare.Distance(fused[k], plain[k]), Is.LessThan(1e-9));
            Assert.That(Compare.Distance(fused[k], theirs[k]), Is.LessThan(1e-9));
            Assert.That(Compare.Distance(fused[k], start[k]), Is.GreaterThan(1e-3));
        }

        static FusedAdamW Optimiser(Parameter[] parameters) =>
            new([new FusedAdamW.Group(parameters.Select((parameter, index) => ($"p{index}", parameter)), 0.1)], beta2: 0.95);
    }

    [Test]
    public void Half_and_single_parameters_of_one_optimiser_agree_with_the_plain_step()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var types = new[] { ScalarType.BFloat16, ScalarType.Float32, ScalarType.BFloat16 };
        var start = types.Select(type => randn([50, 3], ScalarType.Float32, Device).to_type(type)).ToArray();
        var (fused, plain) = (start.Select(value => new Parameter(value.clone())).ToArray(), start.Select(value => new Parameter(value.clone())).ToArray());
        using var a = FusedAdamW.Over(fused.Select((parameter, k) => ($"p{k}", parameter)), 0.1);
        using var b = FusedAdamW.Over(plain.Select((parameter, k) => ($"p{k}", parameter)), 0.1);
        for (var step = 0; step < 5; step++)
        {
            for (var k = 0; k < start.Length; k++)
            {
                fused[k].grad = randn_like(start[k]);
                plain[k].grad = fused[k].grad;
            }
            a.Step(0.01, 0.5);
            b.StepReference(0.01, 0.5);
        }
        for (var k = 0; k < start.Length; k++)
        {
            // bfloat16 has 8 bits: one rounding of a value around 2 is 0.008.
            var tolerance = types[k] == ScalarType.BFloat16 ? 0.05 : 1e-6;
            Assert.That(Compare.Distance(fused[k].to_type(ScalarType.Float32), plain[k].to_type(ScalarType.Float32)), Is.LessThan(tolerance));
            Assert.That(Compare.Distance(fused[k].to_type(ScalarType.Float32), start[k].to_type(ScalarType.Float32)), Is.GreaterThan(0.01));
        }
    }

    [Test]
    public void Matrices_decay_and_vectors_do_not()
    {
        using var matrix = new Parameter(ones(2, 2, device: Device));
        using var vector = new Parameter(ones(2, device: Device));
        using var frozen = new Parameter(ones(2, 2, device: Device), requires_grad: false);
        using var optimiser = FusedAdamW.Over([("m", matrix), ("v", vector), ("f", frozen)], weightDecay: 0.5);
        foreach (var parameter in new[] { matrix, vector }) parameter.grad = zeros_like(parameter);
        optimiser.Step(0.1);
        Assert.That(matrix.Floats(), Is.All.EqualTo(0.95f));
        Assert.That(vector.Floats(), Is.All.EqualTo(1f));
        Assert.That(optimiser.StateDict().Keys, Has.No.Member("f.exp_avg"));
    }

    [Test]
    public void A_saved_state_goes_on_to_the_same_bits()
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var first = new Parameter(randn(40, 3, device: Device));
        using var one = FusedAdamW.Over([("w", first)], 0.1);
        void Step(Parameter weight, FusedAdamW optimiser, int seed)
        {
            manual_seed(seed);
            weight.grad = randn_like(weight);
            optimiser.Step(0.01);
        }
        Step(first, one, 1);
        Step(first, one, 2);
        var second = new Parameter(first.detach().clone());
        using var other = FusedAdamW.Over([("w", second)], 0.1);
        other.LoadStateDict(one.StateDict().ToDictionary(entry => entry.Key, entry => entry.Value.clone()));
        Step(first, one, 3);
        Step(second, other, 3);
        Assert.That(second.Floats(), Is.EqualTo(first.Floats()));
    }

    [Test]
    public void A_state_that_does_not_fit_is_refused_by_name()
    {
        using var weight = new Parameter(ones(2, 2, device: Device));
        using var optimiser = FusedAdamW.Over([("w", weight)], 0);
        Assert.That(() => optimiser.LoadStateDict(new Dictionary<string, Tensor>()), Throws.ArgumentException.With.Message.Contains("lacks 'w."));
        var state = optimiser.StateDict();
        state["w.exp_avg"] = ones(3, device: Device);
        Assert.That(() => optimiser.LoadStateDict(state), Throws.ArgumentException.With.Message.Contains("[3] instead of [2, 2]"));
    }

    [Test]
    public void The_norm_is_that_of_all_gradients_together()
    {
        using var a = new Parameter(zeros(2, device: Device));
        using var b = new Parameter(zeros(1, device: Device));
        using var optimiser = FusedAdamW.Over([("a", a), ("b", b)], 0);
        Assert.That(optimiser.GradientNorm(), Is.Zero);
        a.grad = tensor(new float[] { 2, 3 }, device: Device);
        b.grad = tensor(new float[] { 6 }, device: Device);
        Assert.That(optimiser.GradientNorm(), Is.EqualTo(7).Within(1e-6));
    }

    [Test]
    public void Autograd_notices_that_a_step_changed_what_it_saved()
    {
        using var scope = NewDisposeScope();
        var weight = new Parameter(tensor(new float[] { 2 }, device: Device));
        using var optimiser = FusedAdamW.Over([("w", weight)], 0);
        var square = weight * weight;
        weight.grad = ones_like(weight);
        optimiser.Step(0.1);
        Assert.That(() => square.backward(), Throws.Exception.With.Message.Contains("modified by an inplace operation"));
    }

    [Test]
    public void A_training_step_leaves_no_tensor_alive()
    {
        using var weight = new Parameter(randn(8, 8, device: Device));
        using var optimiser = FusedAdamW.Over([("w", weight)], 0.1);
        Step();
        var before = LiveTensors.Count;
        Step();
        Assert.That(LiveTensors.Count, Is.EqualTo(before));

        void Step()
        {
            using var scope = NewDisposeScope();
            var x = RmsNorm.Apply(randn(12, 8, device: Device), ones(8, device: Device), 1e-5).matmul(weight).view(12, 1, 8);
            var y = PackedAttention.Apply(x, x, x, tensor(new long[,] { { 0, 12, 0, 0 } }), 0.3);
            TokenLogProbs.Apply(y.view(12, 8), weight, zeros(12, ScalarType.Int64, device: Device)).sum().backward();
            optimiser.Step(0.01, 1 / Math.Max(1, optimiser.GradientNorm()));
            optimiser.ZeroGrad();
        }
    }
}
