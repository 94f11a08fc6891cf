using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class GradScalerTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        manual_seed(13);
    }

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void A_scaled_step_is_the_plain_step()
    {
        var start = randn([5, 3], ScalarType.Float32, Device);
        var x = randn([7, 5], ScalarType.Float32, Device);
        var (plain, scaled, fused, fusedPlain) = (new Parameter(start.clone()), new Parameter(start.clone()), new Parameter(start.clone()), new Parameter(start.clone()));
        var (one, two) = (optim.SGD([plain], 0.1), optim.SGD([scaled], 0.1));
        using var three = FusedAdamW.Over([("w", fused)], 0.1);
        using var four = FusedAdamW.Over([("w", fusedPlain)], 0.1);
        var scaler = new GradScaler(1024);
        for (var step = 0; step < 3; step++)
        {
            x.matmul(plain).pow(2).mean().backward();
            x.matmul(fusedPlain).pow(2).mean().backward();
            one.step();
            four.Step(0.1);
            scaler.Scale(x.matmul(scaled).pow(2).mean()).backward();
            scaler.Scale(x.matmul(fused).pow(2).mean()).backward();
            Assert.That(scaler.Step(two) & scaler.Step(three, 0.1));
            scaler.Update();
            foreach (var parameter in new[] { plain, scaled, fused, fusedPlain }) parameter.grad = null;
        }
        // A power of two changes no bit.
        Assert.That(scaled.cpu().bytes.SequenceEqual(plain.cpu().bytes));
        Assert.That(fused.cpu().bytes.SequenceEqual(fusedPlain.cpu().bytes));
        Assert.That(scaler.CurrentScale, Is.EqualTo(1024));
    }

    [TestCase(double.PositiveInfinity)]
    [TestCase(double.NaN)]
    public void A_gradient_that_is_not_finite_skips_its_optimisers_step_and_halves_the_scale(double bad)
    {
        var (first, second) = (Weight(1), Weight(1));
        var (one, two) = (optim.SGD([first], 1), optim.SGD([second], 1));
        var scaler = new GradScaler(8);
        first.grad = Gradient(bad);
        second.grad = Gradient(8);
        Assert.That((scaler.Step(one), scaler.Step(two)), Is.EqualTo((false, true)));
        scaler.Update();
        Assert.That((first.item<float>(), second.item<float>()), Is.EqualTo((1f, 0f)));
        Assert.That(scaler.CurrentScale, Is.EqualTo(4));
    }

    [Test]
    public void A_run_of_good_steps_grows_the_scale_and_a_bad_one_starts_the_run_again()
    {
        var weight = Weight(1);
        var optimiser = optim.SGD([weight], 0);
        var scaler = new GradScaler(8, growthInterval: 3);
        var scales = new List<double>();
        foreach (var bad in new[] { false, false, true, false, false, false, false, false, false })
        {
            weight.grad = Gradient(bad ? double.NaN : 1);
            scaler.Step(optimiser);
            scaler.Update();
            scales.Add(scaler.CurrentScale);
        }
        Assert.That(scales, Is.EqualTo(new double[] { 8, 8, 4, 4, 4, 8, 8, 8, 16 }));
    }

    [Test]
    public void The_scale_never_grows_to_infinity()
    {
        var weight = Weight(1);
        var optimiser = optim.SGD([weight], 0);
        var scaler = new GradScaler(Math.Pow(2, 127), growthInterval: 1);
        weight.grad = Gradient(1);
        scaler.Step(optimiser);
        scaler.Update();
        Assert.That(scaler.CurrentScale, Is.EqualTo(Math.Pow(2, 127)));
    }

    [Test]
    public void Gradients_can_be_clipped_between_unscaling_and_the_step()
    {
        var weight = Weight(1);
        var optimiser = optim.SGD([weight], 1);
        var scaler = new GradScaler(16);
        weight.grad = Gradient(16 * 5);
        scaler.Unscale(optimiser);
        Assert.That(weight.grad!.item<float>(), Is.EqualTo(5));
        weight.grad!.clamp_(-0.5, 0.5);
        Assert.That(scaler.Step(optimiser));
        Assert.That(weight.item<float>(), Is.EqualTo(0.5f));
    }

    [Test]
    public void Calls_out_of_order_are_refused()
    {
        var weight = Weight(1);
        var optimiser = optim.SGD([weight], 1);
        var scaler = new GradScaler();
        weight.grad = Gradient(1);
        Assert.That(scaler.Update, Refused("at least one Step"));
        scaler.Unscale(optimiser);
        Assert.That(() => scaler.Unscale(optimiser), Refused("Unscale was called twice"));
        scaler.Step(optimiser);
        Assert.That(() => scaler.Step(optimiser), Refused("Step was called twice"));
        Assert.That(() => scaler.Unscale(optimiser), Refused("after Step"));
        scaler.Update();
        Assert.That(() => scaler.Unscale(optimiser), Throws.Nothing);

        static NUnit.Framework.Constraints.IResolveConstraint Refused(string message) => Throws.InvalidOperationException.With.Message.Contains(message);
    }

    [Test]
    public void Half_gradients_are_refused()
    {
        var weight = new Parameter(ones(1, ScalarType.Float16, Device));
        weight.grad = ones(1, ScalarType.Float16, Device);
        Assert.That(() => new GradScaler().Unscale(optim.SGD([weight], 1)), Throws.InvalidOperationException.With.Message.Contains("float16 gradient"));
    }

    [Test]
    public void A_saved_state_goes_on_in_the_same_way()
    {
        var weight = Weight(1);
        var optimiser = optim.SGD([weight], 0);
        var first = new GradScaler(8, growthFactor: 4, growthInterval: 2);
        Step(first);
        var second = new GradScaler();
        second.LoadStateDict(first.StateDict());
        Step(first);
        Step(second);
        Assert.That((first.CurrentScale, second.CurrentScale), Is.EqualTo((32.0, 32.0)));
        Assert.That(() => second.LoadStateDict(new Dictionary<string, Tensor>()), Throws.ArgumentException.With.Message.Contains("lacks 'scale'"));

        void Step(GradScaler scaler)
        {
            weight.grad = Gradient(1);
            scaler.Step(optimiser);
            scaler.Update();
        }
    }

    [Test]
    public void Turned_off_it_only_steps()
    {
        var weight = Weight(1);
        var optimiser = optim.SGD([weight], 1);
        var scaler = new GradScaler(enabled: false);
        var loss = Gradient(3);
        Assert.That(scaler.Scale(loss).item<float>(), Is.EqualTo(3));
        weight.grad = Gradient(double.NaN);
        Assert.That(scaler.Step(optimiser));
        scaler.Update();
        Assert.That((weight.item<float>(), scaler.CurrentScale), Is.EqualTo((float.NaN, 1.0)));
    }

    [Test]
    public void The_plain_way_and_libtorchs_agree([Values(1.0, double.NaN)] double last)
    {
        var gradients = new[] { randn([4, 4], ScalarType.Float32, Device), tensor(new[] { 1, -2, (float)last }, device: Device) };
        var copies = gradients.Select(gradient => gradient.clone()).ToArray();
        var weights = gradients.Select(gradient => new Parameter(zeros_like(gradient))).ToArray();
        for (var k = 0; k < weights.Length; k++) weights[k].grad = gradients[k];
        var optimiser = optim.SGD(weights, 0);
        var scaler = new GradScaler(32);
        var stepped = scaler.Step(optimiser);
        Assert.That(GradScaler.UnscaleReference(copies, 1f / 32), Is.EqualTo(!stepped).And.EqualTo(double.IsNaN(last)));
        for (var k = 0; k < weights.Length; k++) Assert.That(weights[k].grad!.Floats(), Is.EqualTo(copies[k].Floats()));
    }

    [TestCase(0, 2, 0.5)]
    [TestCase(1, 1, 0.5)]
    [TestCase(1, 2, 1)]
    public void Bad_settings_are_refused(double scale, double growth, double backoff) =>
        Assert.That(() => new GradScaler(scale, growth, backoff), Throws.InstanceOf<ArgumentOutOfRangeException>());

    private Parameter Weight(double value) => new(full(1, value, ScalarType.Float32, Device));

    private Tensor Gradient(double value) => full(1, value, ScalarType.Float32, Device);
}
