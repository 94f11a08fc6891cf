using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

public class GradientTests
{
    [Test]
    public void The_gradient_of_a_quadratic_form_is_the_hand_worked_one()
    {
        using var scope = NewDisposeScope();
        // f(x) = sum((A x)^2), so grad f = 2 A^T A x.
        var a = tensor(new float[,] { { 1, 2 }, { 3, 4 } });
        var x = tensor(new float[] { 1, -1 }, requires_grad: true);
        var y = a.mv(x).pow(2).sum();
        y.backward();
        Assert.That(y.item<float>(), Is.EqualTo(2f));
        Assert.That(x.grad!.data<float>().ToArray(), Is.EqualTo(new[] { -8f, -12f }));
    }
}
