using RewardKit.Plugins.Tests;
using TorchSharp;

namespace RewardKit.Plugins.Crome.Tests;

/// <summary>
/// A linear reward is fitted, by the plugin's loss, to pairs whose winner is chosen by the true reward and by a spurious
/// feature; neutral rows take the spurious weight away and leave the causal ones.
/// </summary>
public sealed class CromeRecoveryTests : LossFixture
{
    private static readonly double[] TrueReward = [2, 1, -1, 0, 0];

    [TestCase(0.0, 2.0, 1.0, -1.0, 1.0986122887)] // ½·ln 9
    [TestCase(0.25, 1.86860379, 0.93400093, -0.93400093, 0.48844406)]
    [TestCase(1.0, 1.91838230, 0.95898148, -0.95898148, 0.19302949)]
    [TestCase(4.0, 1.97166367, 0.98575624, -0.98575624, 0.05723298)]
    public void Neutrals_take_the_spurious_weight_away(double ratio, double c1, double c2, double c3, double s1)
    {
        var rows = new List<(double[] Difference, double Weight, PreferenceExample Example)>();
        double[][] all = [.. Enumerable.Range(0, 32).Select(bits => Enumerable.Range(0, 5).Select(b => (bits >> b & 1) * 2.0 - 1).ToArray())];
        foreach (var (i, j) in Unordered(32))
        {
            var d = Minus(all[i], all[j]);
            var p = 1 / (1 + Math.Exp(-Dot(TrueReward, d)));
            var f = d[3] > 0 ? 0.9 : d[3] < 0 ? 0.1 : 0.5;
            var (wins, loses) = (p * f, (1 - p) * (1 - f));
            rows.Add((d, wins + loses, Pairs.Preference(rows.Count) with { SoftLabel = wins / (wins + loses) }));
        }
        Assert.That(rows.Sum(r => r.Weight), Is.EqualTo(248).Within(1e-9));
        double[][] patterns = [.. Enumerable.Range(0, 4).Select(bits => new[] { 0.0, 0, 0, (bits & 1) * 2 - 1, (bits >> 1) * 2 - 1 })];
        foreach (var (i, j) in Unordered(4))
            if (ratio > 0) rows.Add((Minus(patterns[i], patterns[j]), ratio * 248 / 6, Pairs.Tie(rows.Count)));
        Assert.That(Fit(rows), Is.EqualTo(new[] { c1, c2, c3, s1, 0 }).Within(1e-8));
    }

    // Newton's method. The gradient is the loss's own, by rows; only the curvature, which decides the way but not the end, is
    // written out.
    private static double[] Fit(List<(double[] Difference, double Weight, PreferenceExample Example)> rows)
    {
        var batch = Pairs.Batch([.. rows.Select(r => r.Example)]);
        var w = new double[5];
        for (var step = 0; step < 25; step++)
        {
            using var scope = torch.NewDisposeScope();
            var rewards = Pairs.Leaf([.. rows.SelectMany(r => new[] { Dot(w, r.Difference), 0 })]);
            new CromeLoss(new()).Compute(batch, new() { Rewards = rewards }).Loss.backward();
            var gradient = Pairs.Gradient(rewards);
            var system = new double[5, 6];
            foreach (var (row, (d, weight, _)) in rows.Index())
            {
                var p = 1 / (1 + Math.Exp(-Dot(w, d)));
                for (var r = 0; r < 5; r++)
                {
                    system[r, 5] += weight * rows.Count * gradient[2 * row] * d[r]; // the loss is a mean
                    for (var c = 0; c < 5; c++) system[r, c] += weight * p * (1 - p) * d[r] * d[c];
                }
            }
            Solve(system);
            for (var r = 0; r < 5; r++) w[r] -= system[r, 5];
        }
        return w;
    }

    // Gauss and Jordan; the system is positive definite, so no pivot is 0.
    private static void Solve(double[,] system)
    {
        for (var pivot = 0; pivot < 5; pivot++)
        {
            for (var c = 5; c >= 0; c--) system[pivot, c] /= system[pivot, pivot];
            for (var r = 0; r < 5; r++)
            {
                if (r == pivot) continue;
                for (var c = 5; c >= pivot; c--) system[r, c] -= system[r, pivot] * system[pivot, c];
            }
        }
    }

    private static IEnumerable<(int, int)> Unordered(int count) =>
        from i in Enumerable.Range(0, count)
        from j in Enumerable.Range(i + 1, count - i - 1)
        select (i, j);

    private static double[] Minus(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x - y)];

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}
