using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.Properties;

/// <summary>An array in plain C#, row by row: the model that tensors are compared with.</summary>
public sealed record NdArray(long[] Shape, double[] Values)
{
    /// <summary>Numbers that are all different, far enough apart for any floating-point type of 32 bits or more.</summary>
    public static NdArray Draw(Random random, params long[] shape)
    {
        var values = Enumerable.Range(1, (int)Count(shape)).Select(k => k * 0.125 - 1).ToArray();
        random.Shuffle(values);
        return new(shape, values);
    }

    public static long Count(IEnumerable<long> shape) => shape.Aggregate(1L, (a, b) => a * b);

    /// <summary>A random shape of 0 to <paramref name="most"/> dimensions, each of length 1 to 4.</summary>
    public static long[] DrawShape(Random random, int least, int most) =>
        Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => (long)random.Next(1, 5)).ToArray();

    public static NdArray Of(Tensor tensor)
    {
        using var wide = tensor.to_type(ScalarType.Float64);
        return new(tensor.shape, wide.Doubles());
    }

    /// <summary>All positions of a shape, the last dimension fastest.</summary>
    public static IEnumerable<long[]> Positions(long[] shape)
    {
        for (long flat = 0; flat < Count(shape); flat++)
        {
            var position = new long[shape.Length];
            var rest = flat;
            for (var dim = shape.Length - 1; dim >= 0; dim--)
            {
                position[dim] = rest % shape[dim];
                rest /= shape[dim];
            }
            yield return position;
        }
    }

    public static long Flat(long[] shape, long[] position)
    {
        long flat = 0;
        for (var dim = 0; dim < shape.Length; dim++) flat = flat * shape[dim] + position[dim];
        return flat;
    }

    public double this[long[] position] => Values[Flat(Shape, position)];

    public Tensor ToTensor(Device device, ScalarType type = ScalarType.Float64) => tensor(Values, Shape, dtype: type, device: device);

    public void AssertSame(Tensor actual, double tolerance = 1e-12)
    {
        Assert.That(actual.shape, Is.EqualTo(Shape), "shape");
        Assert.That(Of(actual).Values, Is.EqualTo(Values).Within(tolerance));
    }

    public override string ToString() => $"[{string.Join(", ", Shape)}]";
}
