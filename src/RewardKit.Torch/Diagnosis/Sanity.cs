using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>Small computations with known results.</summary>
internal static class Sanity
{
    public static IEnumerable<Computation> Check(Device device) =>
    [
        Run(device, "a matrix product", () => MatrixProduct(device)),
        Run(device, "a gradient", () => Gradient(device)),
        Run(device, "attention", () => Attention(device)),
    ];

    private static Computation Run(Device device, string what, Func<double> error)
    {
        try
        {
            using var scope = NewDisposeScope();
            var off = error();
            return new(device.ToString(), what, off <= 1e-4 ? null : string.Create(CultureInfo.InvariantCulture, $"off by {off:G2}"));
        }
        catch (Exception e)
        {
            return new(device.ToString(), what, e.Message);
        }
    }

    // The product of matrices with entries (i + 2k) / n and (k - j) / n, against sums in C#.
    private static double MatrixProduct(Device device)
    {
        const int n = 65;
        var (a, b) = (new float[n, n], new float[n, n]);
        for (var i = 0; i < n; i++)
            for (var k = 0; k < n; k++) (a[i, k], b[i, k]) = ((i + (2f * k)) / n, (i - k) / (float)n);
        var product = tensor(a, device: device).matmul(tensor(b, device: device)).cpu().data<float>().ToArray();
        var worst = 0.0;
        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
            {
                var sum = 0.0;
                for (var k = 0; k < n; k++) sum += (double)a[i, k] * b[k, j];
                worst = Math.Max(worst, Math.Abs(sum - product[(i * n) + j]) / (1 + Math.Abs(sum)));
            }
        return worst;
    }

    // The derivative of the sum of x³ is 3x².
    private static double Gradient(Device device)
    {
        var x = linspace(-2, 2, 101, device: device).requires_grad_();
        x.pow(3).sum().backward();
        return (x.grad! - (3 * x.detach().pow(2))).abs().max().item<float>();
    }

    private static double Attention(Device device)
    {
        var segments = tensor(new long[] { 0, 20, 0, 0, 20, 30, 0, 20 }, 2, 4);
        var (q, k, v) = (Wave(1), Wave(2), Wave(3));
        return (PackedAttention.Apply(q, k, v, segments, 0.25) - PackedAttention.Reference(q, k, v, segments, 0.25)).abs().max().item<float>();

        // [tokens, heads, dim]
        Tensor Wave(int pace) => (arange(50 * 2 * 16, ScalarType.Float32, device) * pace).sin().view(50, 2, 16);
    }
}
