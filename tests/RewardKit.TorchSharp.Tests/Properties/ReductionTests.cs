using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.Properties;

/// <summary>An array, and some of its dimensions.</summary>
public sealed record ReductionCase(NdArray Array, long[] Dims, bool KeepDim)
{
    public static ReductionCase Draw(Random random)
    {
        var shape = NdArray.DrawShape(random, 1, 4);
        var dims = Enumerable.Range(0, shape.Length).Where(_ => random.Next(2) == 0).DefaultIfEmpty(random.Next(shape.Length));
        // Counted from the front or from the end.
        return new(NdArray.Draw(random, shape), [.. dims.Select(dim => (long)(random.Next(2) == 0 ? dim : dim - shape.Length))], random.Next(2) == 0);
    }

    /// <summary>The first of the dimensions alone.</summary>
    public ReductionCase OneDim() => this with { Dims = [Dims[0]] };

    /// <summary>A number for each group of elements that differ in these dimensions only.</summary>
    public NdArray Reduce(Func<double[], double> function)
    {
        var rank = Array.Shape.Length;
        var reduced = Dims.Select(dim => (dim + rank) % rank).ToHashSet();
        var groups = NdArray.Positions(Array.Shape)
            .GroupBy(position => string.Join(",", position.Where((_, dim) => !reduced.Contains(dim))))
            .Select(group => function([.. group.Select(position => Array[position])]));
        var shape = Array.Shape.Select((length, dim) => reduced.Contains(dim) ? 1 : length).Where((_, dim) => KeepDim || !reduced.Contains(dim));
        return new([.. shape], [.. groups]);
    }

    /// <summary>A row of numbers for each row along the first of the dimensions.</summary>
    public NdArray Along(Func<double[], double[]> function)
    {
        var dim = (int)((Dims[0] + Array.Shape.Length) % Array.Shape.Length);
        var values = new double[Array.Values.Length];
        foreach (var group in NdArray.Positions(Array.Shape).GroupBy(position => string.Join(",", position.Where((_, k) => k != dim))))
        {
            var positions = group.ToList();
            var row = function([.. positions.Select(position => Array[position])]);
            for (var k = 0; k < row.Length; k++) values[NdArray.Flat(Array.Shape, positions[k])] = row[k];
        }
        return new(Array.Shape, values);
    }

    public override string ToString() => $"{Array} by ({string.Join(", ", Dims)}), keepdim: {KeepDim}";
}

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class ReductionTests(DeviceType type) : DeviceTests(type)
{
    [Property(Arbitrary = [typeof(Draws)], Replay = Draws.Replay, MaxTest = 200, QuietOnSuccess = true)]
    public void Over_several_dimensions(ReductionCase drawn)
    {
        using var scope = NewDisposeScope();
        var x = drawn.Array.ToTensor(Device);
        var (dims, keep) = (drawn.Dims, drawn.KeepDim);
        drawn.Reduce(Enumerable.Sum).AssertSame(x.sum(dims, keep));
        drawn.Reduce(Enumerable.Average).AssertSame(x.mean(dims, keep));
        drawn.Reduce(Enumerable.Max).AssertSame(x.amax(dims, keep));
        drawn.Reduce(Enumerable.Min).AssertSame(x.amin(dims, keep));
        drawn.Reduce(row => Variance(row, 0)).AssertSame(x.var(dims, unbiased: false, keepdim: keep));
        drawn.Reduce(row => Math.Sqrt(Variance(row, 0))).AssertSame(x.std(dims, unbiased: false, keepdim: keep));
        if (drawn.Reduce(row => row.Length).Values.All(length => length > 1))
        {
            drawn.Reduce(row => Variance(row, 1)).AssertSame(x.var(dims, keepdim: keep));
            drawn.Reduce(row => Math.Sqrt(Variance(row, 1))).AssertSame(x.std(dims, keepdim: keep));
        }
    }

    [Property(Arbitrary = [typeof(Draws)], Replay = Draws.Replay, MaxTest = 200, QuietOnSuccess = true)]
    public void Over_one_dimension(ReductionCase several)
    {
        using var scope = NewDisposeScope();
        var drawn = several.OneDim();
        var x = drawn.Array.ToTensor(Device);
        var (dim, keep) = (drawn.Dims[0], drawn.KeepDim);
        drawn.Reduce(Enumerable.Sum).AssertSame(x.sum(dim, keep));
        var (largest, at) = x.max(dim, keep);
        drawn.Reduce(Enumerable.Max).AssertSame(largest);
        drawn.Reduce(row => Array.IndexOf(row, row.Max())).AssertSame(at);
        drawn.Reduce(row => Array.IndexOf(row, row.Max())).AssertSame(x.argmax(dim, keep));
        var (smallest, where) = x.min(dim, keep);
        drawn.Reduce(Enumerable.Min).AssertSame(smallest);
        drawn.Reduce(row => Array.IndexOf(row, row.Min())).AssertSame(where);
        drawn.Reduce(row => Array.IndexOf(row, row.Min())).AssertSame(x.argmin(dim, keep));
        drawn.Reduce(row => Math.Log(row.Sum(Math.Exp))).AssertSame(x.logsumexp(dim, keep));
        drawn.Reduce(row => Math.Sqrt(row.Sum(value => value * value))).AssertSame(x.norm((int)dim, keep));
        drawn.Reduce(row => row.All(value => value > 0) ? 1 : 0).AssertSame((x > 0).all(dim, keep));
        drawn.Reduce(row => row.Any(value => value > 2) ? 1 : 0).AssertSame((x > 2).any(dim, keep));
    }

    [Property(Arbitrary = [typeof(Draws)], Replay = Draws.Replay, MaxTest = 200, QuietOnSuccess = true)]
    public void Along_one_dimension(ReductionCase several)
    {
        using var scope = NewDisposeScope();
        var drawn = several.OneDim();
        var x = drawn.Array.ToTensor(Device);
        var dim = drawn.Dims[0];
        drawn.Along(row => [.. row.Select(value => Math.Exp(value) / row.Sum(Math.Exp))]).AssertSame(x.softmax(dim));
        drawn.Along(row => [.. row.Select(value => value - Math.Log(row.Sum(Math.Exp)))]).AssertSame(x.log_softmax(dim));
        drawn.Along(row => [.. row.Select((_, k) => row.Take(k + 1).Sum())]).AssertSame(x.cumsum(dim));
        drawn.Along(row => [.. row.Order()]).AssertSame(x.sort(dim).Values);
        drawn.Along(row => [.. row.OrderDescending().Select(value => (double)Array.IndexOf(row, value))]).AssertSame(x.sort(dim, descending: true).Indices);
        drawn.Along(row => [.. row.Reverse()]).AssertSame(x.flip(dim));
    }

    [Test]
    public void Over_everything()
    {
        using var scope = NewDisposeScope();
        var array = NdArray.Draw(new Random(5), 3, 2, 4);
        var x = array.ToTensor(Device);
        Assert.That(x.sum().item<double>(), Is.EqualTo(array.Values.Sum()));
        Assert.That(x.mean().item<double>(), Is.EqualTo(array.Values.Average()));
        Assert.That(x.max().item<double>(), Is.EqualTo(array.Values.Max()));
        Assert.That(x.argmin().item<long>(), Is.EqualTo(Array.IndexOf(array.Values, array.Values.Min())));
        Assert.That(x.std().item<double>(), Is.EqualTo(Math.Sqrt(Variance(array.Values, 1))).Within(1e-12));
    }

    [Test]
    public void Nothing_sums_to_0_has_no_mean_and_no_largest()
    {
        using var scope = NewDisposeScope();
        var none = zeros([2, 0], device: Device);
        Assert.That(none.sum(1).Floats(), Is.EqualTo(new float[] { 0, 0 }));
        Assert.That(none.mean([1]).Floats(), Is.All.NaN);
        Assert.That(none.logsumexp(1).Floats(), Is.All.EqualTo(float.NegativeInfinity));
        Assert.That(() => none.max(), Throws.Exception.With.Message.Contains("aten::max").And.Message.Contains("[2, 0]"));
        Assert.That(() => none.argmax(1), Throws.Exception.With.Message.Contains("aten::argmax").And.Message.Contains("[2, 0]"));
    }

    [Test]
    public void A_dimension_that_is_not_there_is_refused()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, 3, device: Device);
        Assert.That(() => x.sum(2), Throws.Exception.With.Message.Contains("aten::sum.dim_IntList").And.Message.Contains("[2, 3]").And.Message.Contains("dim: [2]"));
        Assert.That(() => x.softmax(-3), Throws.Exception.With.Message.Contains("aten::softmax.int").And.Message.Contains("dim: -3"));
    }

    private static double Variance(double[] row, int correction)
    {
        var mean = row.Average();
        return row.Sum(value => (value - mean) * (value - mean)) / (row.Length - correction);
    }
}
