using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace RewardKit.Hosting.Experiments;

/// <summary>
/// What chance alone does to the means of several arms that looked at the same items. A bootstrap resample draws as many
/// items as there are, with replacement, the same ones for all arms; a sign flip exchanges two arms' values on each item
/// with probability one half. So arms are always compared item by item. 10,000 of each; the seed is fixed, and the same
/// values give the same numbers on every machine.
/// </summary>
internal sealed class Resampling
{
    /// <summary>How many resamples, and how many sign flips.</summary>
    public const int Draws = 10_000;

    private const int ChunkSize = 250;
    private static readonly Vector256<double>[] FourSigns =
        [.. Enumerable.Range(0, 16).Select(b => Vector256.Create(Sign((ulong)b), Sign((ulong)b >> 1), Sign((ulong)b >> 2), Sign((ulong)b >> 3)))];

    private readonly int _items;
    private readonly double[] _sums;
    private readonly double[][] _drawn;
    private readonly double[][] _flipped;
    private readonly double _tolerance;

    /// <summary>Draws for all arms at once.</summary>
    /// <param name="arms">An array an arm of as many finite values as there are items, at least one.</param>
    /// <param name="seed">Another seed, other draws.</param>
    public Resampling(IReadOnlyList<double[]> arms, ulong seed = 0)
    {
        _items = arms[0].Length;
        _sums = [.. arms.Select(a => a.Sum())];
        _drawn = [.. arms.Select(_ => new double[Draws])];
        _flipped = [.. arms.Select(_ => new double[Draws])];
        // Sums that are equal but for rounding are equal.
        _tolerance = 1e-12 * _items * arms.Max(a => a.Max(Math.Abs));
        // Each chunk has a generator of its own, so that the number of threads decides nothing.
        Parallel.For(0, Draws / ChunkSize, chunk =>
        {
            var random = new SplitMix(seed + ((ulong)chunk << 32));
            var weights = new double[_items];
            for (var draw = chunk * ChunkSize; draw < (chunk + 1) * ChunkSize; draw++)
            {
                FillCounts(weights, ref random);
                for (var arm = 0; arm < _sums.Length; arm++) _drawn[arm][draw] = Dot(weights, arms[arm]) / _items;
                FillSigns(weights, ref random);
                for (var arm = 0; arm < _sums.Length; arm++) _flipped[arm][draw] = Dot(weights, arms[arm]);
            }
        });
    }

    /// <summary>The 95 % percentile bootstrap interval of an arm's mean.</summary>
    public Interval Mean(int arm) => Middle([.. _drawn[arm]]);

    /// <summary>The 95 % percentile bootstrap interval of the first arm's mean less the second's.</summary>
    public Interval Difference(int first, int second)
    {
        var differences = new double[Draws];
        for (var i = 0; i < Draws; i++) differences[i] = _drawn[first][i] - _drawn[second][i];
        return Middle(differences);
    }

    /// <summary>
    /// The two-sided p value of the sign-flip test: the share of flips, the data as they are counted among them, whose
    /// difference is at least as far from zero as the one found.
    /// </summary>
    public double PValue(int first, int second)
    {
        var found = Math.Abs(_sums[first] - _sums[second]) - _tolerance;
        var asFar = 1;
        for (var i = 0; i < Draws; i++)
            if (Math.Abs(_flipped[first][i] - _flipped[second][i]) >= found) asFar++;
        return asFar / (Draws + 1.0);
    }

    /// <summary>An arm's mean in each resample.</summary>
    public IReadOnlyList<double> Drawn(int arm) => _drawn[arm];

    /// <summary>The middle 95 % of values, which it sorts.</summary>
    public static Interval Middle(double[] values)
    {
        Array.Sort(values);
        return new(At(0.025), At(0.975));

        // Between the two nearest values in order, by distance.
        double At(double share)
        {
            var place = share * (values.Length - 1);
            var below = (int)place;
            return values[below] + (place - below) * (values[below + 1] - values[below]);
        }
    }

    // How often each item is drawn. This and what follows runs for the first and last time at the end of a long experiment:
    // there is no time to warm up.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillCounts(double[] weights, ref SplitMix random)
    {
        Array.Clear(weights);
        var n = (ulong)weights.Length;
        for (var i = 0; i < weights.Length; i += 2)
        {
            var bits = random.Next();
            weights[(bits >> 32) * n >> 32]++;
            if (i + 1 < weights.Length) weights[(bits & uint.MaxValue) * n >> 32]++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillSigns(double[] weights, ref SplitMix random)
    {
        var fours = MemoryMarshal.Cast<double, Vector256<double>>(weights.AsSpan());
        var bits = 0UL;
        for (var i = 0; i < fours.Length; i++)
        {
            bits = (i & 15) == 0 ? random.Next() : bits >> 4;
            fours[i] = FourSigns[bits & 15];
        }
        bits = random.Next();
        for (var rest = fours.Length * 4; rest < weights.Length; rest++, bits >>= 1) weights[rest] = Sign(bits);
    }

    private static double Sign(ulong bits) => (bits & 1) == 0 ? 1 : -1;

    // Always four lanes by two, so that the order of the sums does not depend on the processor.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var x = MemoryMarshal.Cast<double, Vector256<double>>(a);
        var y = MemoryMarshal.Cast<double, Vector256<double>>(b);
        Vector256<double> even = default, odd = default;
        var i = 0;
        for (; i + 1 < x.Length; i += 2)
        {
            even += x[i] * y[i];
            odd += x[i + 1] * y[i + 1];
        }
        if (i < x.Length) even += x[i] * y[i];
        var sum = Vector256.Sum(even + odd);
        for (var rest = x.Length * 4; rest < a.Length; rest++) sum += a[rest] * b[rest];
        return sum;
    }

    // SplitMix64 (Steele, Lea and Flood 2014, OOPSLA).
    private struct SplitMix(ulong seed)
    {
        private ulong _state = seed;

        public ulong Next()
        {
            var z = _state += 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
