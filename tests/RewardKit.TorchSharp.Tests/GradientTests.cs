using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class GradientTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void Quadratic_form()
    {
        // f(x) = |A x|^2, so the gradient is 2 A^T A x; with A x = (-1, -1) that is -2 (4, 6).
        var a = tensor(new float[,] { { 1, 2 }, { 3, 4 } }, device: Device);
        var x = tensor(new float[] { 1, -1 }, requires_grad: true, device: Device);
        var y = a.mv(x).pow(2).sum();
        y.backward();
        Assert.That(y.item<float>(), Is.EqualTo(2f));
        Assert.That(x.grad!.Floats(), Is.EqualTo(new[] { -8f, -12f }));
    }

    [Test]
    public void Log_softmax_of_a_pair_has_the_gradient_of_the_logistic_loss()
    {
        // -log softmax(r)_0 = log(1 + exp(r1 - r0)): its gradient is (p0 - 1, p1).
        var r = tensor(new double[] { 0.5, -0.25 }, requires_grad: true, device: Device);
        (-r.log_softmax(0)[0]).backward();
        var p1 = 1 / (1 + Math.Exp(0.75));
        Assert.That(r.grad!.Doubles(), Is.EqualTo(new[] { -p1, p1 }).Within(1e-15));
    }

    [Test]
    public void Gradients_add_up_until_they_are_cleared()
    {
        var x = tensor(new float[] { 3 }, requires_grad: true, device: Device);
        (x * 2).sum().backward();
        (x * 5).sum().backward();
        Assert.That(x.grad!.Floats(), Is.EqualTo(new[] { 7f }));
        x.grad = null;
        Assert.That(x.grad, Is.Null);
    }

    [Test]
    public void Second_derivative_by_a_created_graph()
    {
        // d2/dx2 x^3 = 6 x
        var x = tensor(2.0, requires_grad: true, device: Device);
        var first = autograd.grad([x.pow(3)], [x], create_graph: true)[0];
        var second = autograd.grad([first], [x])[0];
        Assert.That((first.item<double>(), second.item<double>()), Is.EqualTo((12.0, 12.0)));
    }

    [Test]
    public void Weighted_backward_of_a_vector()
    {
        var x = tensor(new float[] { 1, 2 }, requires_grad: true, device: Device);
        (x * x).backward([tensor(new float[] { 1, 10 }, device: Device)]);
        Assert.That(x.grad!.Floats(), Is.EqualTo(new[] { 2f, 40f }));
    }

    [Test]
    public void An_unused_input_has_no_gradient_where_permitted_and_is_refused_where_not()
    {
        var x = tensor(1f, requires_grad: true, device: Device);
        var unused = tensor(1f, requires_grad: true, device: Device);
        var y = x * 2;
        var grads = autograd.grad([y], [x, unused], retain_graph: true, allow_unused: true);
        Assert.That(grads[0].item<float>(), Is.EqualTo(2f));
        Assert.That(grads[1], Is.Null);
        Assert.That(() => autograd.grad([y], [x, unused]), Throws.Exception.With.Message.Contains("autograd.grad"));
    }

    [Test]
    public void Nothing_is_recorded_without_grad_and_recording_returns_afterwards()
    {
        var x = tensor(1f, requires_grad: true, device: Device);
        using (no_grad())
        {
            Assert.That(is_grad_enabled(), Is.False);
            Assert.That((x * 2).requires_grad, Is.False);
            using (enable_grad()) Assert.That((x * 2).requires_grad, Is.True);
            Assert.That(is_grad_enabled(), Is.False);
        }
        using (inference_mode()) Assert.That((x * 2).requires_grad, Is.False);
        Assert.That((x * 2).requires_grad, Is.True);
    }

    [Test]
    public void Writing_by_index_passes_the_gradient_to_the_value()
    {
        var x = tensor(new float[] { 1, 2 }, requires_grad: true, device: Device);
        var table = zeros(2, 2, device: Device);
        table[1] = x * 3;
        (table * table).sum().backward();
        Assert.That(x.grad!.Floats(), Is.EqualTo(new[] { 18f, 36f }));
    }
}
