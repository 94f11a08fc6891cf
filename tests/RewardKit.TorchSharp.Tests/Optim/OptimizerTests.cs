using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.Optim;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class OptimizerTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    private Parameter At(double value) => nn.Parameter(tensor(new[] { value }, device: Device));

    private double[] Path(Parameter weight, optim.Optimizer optimizer, params double[] gradients) =>
        gradients.Select(gradient =>
        {
            weight.grad = tensor(new[] { gradient }, device: Device);
            optimizer.step();
            return weight.item<double>();
        }).ToArray();

    [Test]
    public void Plain_descent_with_decay_by_hand()
    {
        var weight = At(1);
        // 1 - 0.1 (2 + 0.5 · 1), then 0.75 - 0.1 (-1 + 0.5 · 0.75).
        Assert.That(Path(weight, optim.SGD([weight], 0.1, weight_decay: 0.5), 2, -1), Is.EqualTo(new[] { 0.75, 0.8125 }).Within(1e-12));
    }

    [Test]
    public void Momentum_by_hand()
    {
        // Velocities 1, then 0.5 + 0.8 · 1 = 1.3 with dampening 0.2; with Nesterov 1 + 0.5 · 1 and 1 + 0.5 · 1.5.
        var (a, b) = (At(0), At(0));
        Assert.That(Path(a, optim.SGD([a], 1, momentum: 0.5, dampening: 0.2), 1, 1), Is.EqualTo(new[] { -1, -2.3 }).Within(1e-12));
        Assert.That(Path(b, optim.SGD([b], 1, momentum: 0.5, nesterov: true), 1, 1), Is.EqualTo(new[] { -1.5, -3.25 }).Within(1e-12));
    }

    [Test]
    public void Adam_by_hand()
    {
        // Means 0.5 and 0.75, squares 1 and 3, corrected by 1 - 0.5^t: 1, 2 the first time; then m = 0.25 + 1 = 1.25 over 0.75.
        var weight = At(0);
        var path = Path(weight, optim.Adam([weight], lr: 1, beta1: 0.5, beta2: 0.5, eps: 0), 1, 2);
        var second = (0.5 * 0.5 + 0.5 * 2) / 0.75 / Math.Sqrt((0.5 * 0.5 + 0.5 * 4) / 0.75);
        Assert.That(path, Is.EqualTo(new[] { -1, -1 - second }).Within(1e-12));
    }

    [Test]
    public void The_decay_of_Adam_enters_the_gradient_and_that_of_AdamW_does_not()
    {
        var (a, b) = (At(2), At(2));
        // With the first step's gradient 0 + 0.5 · 2, Adam moves by lr; AdamW only shrinks.
        Assert.That(Path(a, optim.Adam([a], lr: 0.1, weight_decay: 0.5), 0), Is.EqualTo(new[] { 1.9 }).Within(1e-7));
        Assert.That(Path(b, optim.AdamW([b], lr: 0.1, weight_decay: 0.5), 0), Is.EqualTo(new[] { 2 * 0.95 }).Within(1e-12));
    }

    [Test]
    public void Amsgrad_divides_by_the_largest_square()
    {
        var weight = At(0);
        var path = Path(weight, optim.AdamW([weight], lr: 1, beta1: 0, beta2: 0.5, eps: 0, amsgrad: true), 4, 0, 1);
        // The largest mean square stays 8; only its correction grows.
        Assert.That(path, Is.EqualTo(new[] { -1, -1, -1 - 1 / Math.Sqrt(8 / 0.875) }).Within(1e-12));
    }

    [Test]
    public void Maximize_climbs()
    {
        var weight = At(0);
        Assert.That(Path(weight, optim.AdamW([weight], lr: 0.1, maximize: true), 3).Single(), Is.EqualTo(0.1).Within(1e-7));
    }

    [Test]
    public void Groups_have_settings_of_their_own()
    {
        var (a, b) = (At(1), At(1));
        var optimizer = optim.AdamW([new AdamW.ParamGroup([a], lr: 0.5), new AdamW.ParamGroup([b], new AdamW.Options { weight_decay = 0.5 })], lr: 0.1);
        foreach (var parameter in optimizer.parameters()) parameter.grad = zeros_like(parameter);
        optimizer.step();
        Assert.That((a.item<double>(), b.item<double>()), Is.EqualTo((1.0, 0.95)));
        Assert.That(optimizer.ParamGroups.Select(group => group.LearningRate), Is.EqualTo(new[] { 0.5, 0.1 }));
        Assert.That(() => optimizer.add_param_group(new AdamW.ParamGroup { Parameters = [a] }), Throws.ArgumentException);
    }

    [Test]
    public void A_step_leaves_nothing_behind_and_passes_over_parameters_without_gradient()
    {
        var (a, b) = (At(1), At(1));
        var optimizer = optim.AdamW([a, b]);
        a.grad = ones_like(a);
        optimizer.step();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var loss = optimizer.step(() => (a * 2).sum());
        Assert.That(loss!.requires_grad);
        Assert.That(b.item<double>(), Is.EqualTo(1));
        optimizer.zero_grad();
        Assert.That(a.grad!.item<double>(), Is.Zero);
        // The loss and what it was made of belong to the test; the rest is gone.
        Assert.That(DisposeScopeManager.Statistics.ThreadTotalLiveCount, Is.EqualTo(before + 3));
    }

    [Test]
    public void Bad_settings_are_named() =>
        Assert.That(() => optim.AdamW([At(1)], beta2: 1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("beta2 must be at least 0 and below 1"));
}
