using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

internal static class Compare
{
    /// <summary>Both functions give the same values and, for a random weighting of them, the same gradients.</summary>
    public static void SameValuesAndGradients(Func<Tensor[], Tensor> fused, Func<Tensor[], Tensor> reference, double tolerance, params Tensor[] inputs)
    {
        using var scope = NewDisposeScope();
        var leaves = inputs.Select(input => input.detach().requires_grad_()).ToArray();
        var (value, expected) = (fused(leaves), reference(leaves));
        Assert.That(Distance(value, expected), Is.LessThan(tolerance), "values");
        var weights = randn_like(expected);
        var gradients = autograd.grad([value], leaves, [weights]);
        var expectedGradients = autograd.grad([expected], leaves, [weights]);
        for (var k = 0; k < leaves.Length; k++)
            Assert.That(Distance(gradients[k], expectedGradients[k]), Is.LessThan(tolerance), $"gradient of input {k}");
    }

    public static double Distance(Tensor a, Tensor b)
    {
        Assert.That(a.shape, Is.EqualTo(b.shape));
        using var scope = NewDisposeScope();
        return a.numel() == 0 ? 0 : (a - b).abs().max().to_type(ScalarType.Float64).item<double>();
    }

    public static Tensor Random(Device device, params long[] shape) => randn(shape, ScalarType.Float64, device);
}
