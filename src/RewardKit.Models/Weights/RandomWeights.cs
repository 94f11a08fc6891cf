using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>
/// Random weights that depend on the seed, the parameter's name and the place in it, and on nothing else:
/// not on the device, the threads, the libtorch version or the other parameters.
/// </summary>
internal static class RandomWeights
{
    private const int Block = 1 << 14;

    /// <summary>Fills a parameter with normally distributed numbers.</summary>
    /// <param name="parameter">The parameter; gradient recording is off.</param>
    /// <param name="deviation">The standard deviation; the mean is 0.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="name">The parameter's name.</param>
    public static void Normal(Tensor parameter, double deviation, int seed, string name) => Fill(parameter, seed, name, (state, values) =>
    {
        // Box and Muller (1958): two uniform numbers make two normal ones.
        for (var i = 0; i < values.Length; i += 2)
        {
            var radius = deviation * Math.Sqrt(-2 * Math.Log(1 - Uniform(ref state)));
            var (sin, cos) = Math.SinCos(2 * Math.PI * Uniform(ref state));
            values[i] = (float)(radius * cos);
            if (i + 1 < values.Length) values[i + 1] = (float)(radius * sin);
        }
    });

    /// <summary>Fills a parameter with numbers that are uniform between −<paramref name="bound"/> and it.</summary>
    /// <param name="parameter">The parameter; gradient recording is off.</param>
    /// <param name="bound">The largest.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="name">The parameter's name.</param>
    public static void Uniform(Tensor parameter, double bound, int seed, string name) => Fill(parameter, seed, name, (state, values) =>
    {
        for (var i = 0; i < values.Length; i++) values[i] = (float)(bound * (2 * Uniform(ref state) - 1));
    });

    private delegate void FillBlock(ulong state, Span<float> values);

    private static void Fill(Tensor parameter, int seed, string name, FillBlock fill)
    {
        var values = new float[parameter.NumberOfElements];
        var key = name.Aggregate(Mix((ulong)(uint)seed), (hash, c) => Mix(hash ^ c));
        Parallel.For(0, (values.Length + Block - 1) / Block, block =>
            fill(Mix(key ^ (ulong)block), values.AsSpan(block * Block, Math.Min(Block, values.Length - block * Block))));
        using var filled = tensor(values, [.. parameter.shape]);
        parameter.copy_(filled);
    }

    // In [0, 1), 53 bits.
    private static double Uniform(ref ulong state) => (Mix(state += 0x9E3779B97F4A7C15) >> 11) * (1.0 / (1UL << 53));

    // SplitMix64's finaliser (Steele, Lea and Flood 2014).
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
