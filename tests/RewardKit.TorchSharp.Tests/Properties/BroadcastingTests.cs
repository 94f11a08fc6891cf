using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.Properties;

/// <summary>Two arrays whose shapes go together.</summary>
public sealed record BroadcastCase(NdArray Left, NdArray Right)
{
    public static BroadcastCase Draw(Random random)
    {
        var common = NdArray.DrawShape(random, 0, 4);
        return new(NdArray.Draw(random, Narrow()), NdArray.Draw(random, Narrow()));

        long[] Narrow() => common.Skip(random.Next(common.Length + 1)).Select(length => random.Next(3) == 0 ? 1 : length).ToArray();
    }

    /// <summary>Dimensions are matched from the last on; a length of 1 or none fits any.</summary>
    public long[] Common()
    {
        var common = new long[Math.Max(Left.Shape.Length, Right.Shape.Length)];
        for (var k = 1; k <= common.Length; k++)
        {
            var (a, b) = (Length(Left), Length(Right));
            common[^k] = a == 1 ? b : a;

            long Length(NdArray array) => k <= array.Shape.Length ? array.Shape[^k] : 1;
        }
        return common;
    }

    /// <summary>The position in one of both that a position of the result reads.</summary>
    public static long[] Source(NdArray array, long[] position)
    {
        var skipped = position.Length - array.Shape.Length;
        return array.Shape.Select((length, dim) => length == 1 ? 0 : position[dim + skipped]).ToArray();
    }
}

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class BroadcastingTests(DeviceType type) : DeviceTests(type)
{
    /// <summary>Operators with their values and their derivatives by both sides.</summary>
    private static readonly (Func<Tensor, Tensor, Tensor> Call, Func<double, double, double> Value, Func<double, double, (double, double)> Slopes)[] s_operators =
    [
        ((a, b) => a + b, (a, b) => a + b, (_, _) => (1, 1)),
        ((a, b) => a - b, (a, b) => a - b, (_, _) => (1, -1)),
        ((a, b) => a * b, (a, b) => a * b, (a, b) => (b, a)),
        ((a, b) => a / (b + 100), (a, b) => a / (b + 100), (a, b) => (1 / (b + 100), -a / (b + 100) / (b + 100))),
        ((a, b) => where(a > b, a, b), Math.Max, (a, b) => a > b ? (1, 0) : (0, 1)),
    ];

    [Property(Arbitrary = [typeof(Draws)], Replay = Draws.Replay, MaxTest = 100)]
    public void Values_and_gradients_are_those_of_the_plain_model(BroadcastCase drawn)
    {
        using var scope = NewDisposeScope();
        var common = drawn.Common();
        var weights = NdArray.Draw(new Random(1), common);
        foreach (var (call, value, slopes) in s_operators)
        {
            var (left, right) = (drawn.Left.ToTensor(Device).requires_grad_(), drawn.Right.ToTensor(Device).requires_grad_());
            var result = call(left, right);
            (result * weights.ToTensor(Device)).sum().backward();

            // An element that was read several times collects the gradients of all its copies.
            var values = new List<double>();
            var (leftGradient, rightGradient) = (new double[drawn.Left.Values.Length], new double[drawn.Right.Values.Length]);
            foreach (var position in NdArray.Positions(common))
            {
                var (from, to) = (BroadcastCase.Source(drawn.Left, position), BroadcastCase.Source(drawn.Right, position));
                var (a, b) = (drawn.Left[from], drawn.Right[to]);
                values.Add(value(a, b));
                var (slopeA, slopeB) = slopes(a, b);
                leftGradient[NdArray.Flat(drawn.Left.Shape, from)] += slopeA * weights[position];
                rightGradient[NdArray.Flat(drawn.Right.Shape, to)] += slopeB * weights[position];
            }
            new NdArray(common, [.. values]).AssertSame(result);
            new NdArray(drawn.Left.Shape, leftGradient).AssertSame(left.grad!, 1e-9);
            new NdArray(drawn.Right.Shape, rightGradient).AssertSame(right.grad!, 1e-9);
        }
    }

    [Test]
    public void Shapes_that_do_not_go_together_are_refused_with_both()
    {
        using var scope = NewDisposeScope();
        Assert.That(() => zeros(2, 3, device: Device) + zeros(2, device: Device),
            Throws.Exception.With.Message.Contains($"self: Float32 [2, 3] on {Device}").And.Message.Contains($"other: Float32 [2] on {Device}"));
    }
}
