using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Tests;

/// <summary>Numbers for the input of an operator, away from its kinks and poles.</summary>
/// <param name="Shape">The shape of the input.</param>
/// <param name="Low">The smallest magnitude.</param>
/// <param name="High">The largest magnitude.</param>
/// <param name="Signed">Whether half of them are negative.</param>
internal sealed record Domain(long[] Shape, double Low, double High, bool Signed)
{
    /// <summary>Between -2 and 2.</summary>
    public static Domain Any(params long[] shape) => new(shape, 0, 2, true);

    /// <summary>Between -0.9 and 0.9.</summary>
    public static Domain Unit(params long[] shape) => new(shape, 0, 0.9, true);

    /// <summary>Between 0.5 and 2.5.</summary>
    public static Domain Positive(params long[] shape) => new(shape, 0.5, 2.5, false);

    /// <summary>Between 0.1 and 0.9.</summary>
    public static Domain Probability(params long[] shape) => new(shape, 0.1, 0.9, false);

    /// <summary>At least 0.3 away from 0.</summary>
    public static Domain Away(params long[] shape) => new(shape, 0.3, 2, true);

    /// <summary>The same numbers for the same generator, float64.</summary>
    public Tensor Draw(Random random, Device device)
    {
        var values = new double[Shape.Aggregate(1L, (a, b) => a * b)];
        for (var k = 0; k < values.Length; k++)
            values[k] = (Low + (High - Low) * random.NextDouble()) * (Signed && random.Next(2) == 0 ? -1 : 1);
        return tensor(values, Shape, device: device);
    }
}

/// <summary>Gradients by central differences: the oracle for every backward pass.</summary>
internal static class FiniteDifferences
{
    private const double Step = 1e-5;

    /// <summary>
    /// For a fixed weighting of all floating-point outputs, the gradient of each input is what moving each of its elements
    /// by ±1e-5 says, to a relative or absolute 1e-6.
    /// </summary>
    public static void Check(Func<Tensor[], Tensor[]> function, Device device, params Domain[] domains)
    {
        using var scope = NewDisposeScope();
        var random = new Random(17);
        var inputs = domains.Select(domain => domain.Draw(random, device).requires_grad_()).ToArray();
        var outputs = function(inputs).Where(output => output.dtype == ScalarType.Float64).ToArray();
        Assert.That(outputs.Where(output => output.requires_grad), Is.Not.Empty, "no output has a gradient");
        var weights = outputs.Select((output, index) => Domain.Any(output.shape).Draw(new Random(index), device)).ToArray();
        var gradients = autograd.grad([Weighted(outputs, weights)], inputs);
        for (var k = 0; k < inputs.Length; k++)
        {
            Assert.That(gradients[k].shape, Is.EqualTo(inputs[k].shape), $"shape of the gradient of input {k}");
            var gradient = gradients[k].Doubles();
            var values = inputs[k].Doubles();
            for (var element = 0; element < values.Length; element++)
            {
                var expected = (At(values[element] + Step) - At(values[element] - Step)) / (2 * Step);
                Assert.That(gradient[element], Is.EqualTo(expected).Within(1e-6 * Math.Max(1, Math.Abs(expected))), $"gradient of element {element} of input {k}");

                double At(double value)
                {
                    using var inner = NewDisposeScope();
                    var moved = (double[])values.Clone();
                    moved[element] = value;
                    var arguments = inputs.Select(input => input.detach()).ToArray();
                    arguments[k] = tensor(moved, inputs[k].shape, device: device);
                    return Weighted(function(arguments).Where(output => output.dtype == ScalarType.Float64).ToArray(), weights).item<double>();
                }
            }
        }
    }

    private static Tensor Weighted(Tensor[] outputs, Tensor[] weights)
    {
        var total = zeros(1, ScalarType.Float64, outputs[0].device).sum();
        for (var k = 0; k < outputs.Length; k++) total = total + (outputs[k] * weights[k]).sum();
        return total;
    }
}
