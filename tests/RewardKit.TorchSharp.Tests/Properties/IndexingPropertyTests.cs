using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.Properties;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class IndexingPropertyTests(DeviceType type) : DeviceTests(type)
{
    [Property(Arbitrary = [typeof(Draws)], Replay = Draws.Replay, MaxTest = 1000, QuietOnSuccess = true)]
    public void Reading_gives_the_elements_of_the_plain_model(IndexCase drawn)
    {
        using var scope = NewDisposeScope();
        var (shape, sources) = drawn.Meaning();
        var expected = new NdArray(shape, [.. sources.Select(source => drawn.Array.Values[source])]);
        expected.AssertSame(drawn.Array.ToTensor(Device)[drawn.ToIndices(Device)]);
    }

    [Property(Arbitrary = [typeof(Draws)], Replay = Draws.Replay, MaxTest = 500, QuietOnSuccess = true)]
    public void Writing_changes_the_elements_of_the_plain_model_and_no_other(IndexCase drawn)
    {
        using var scope = NewDisposeScope();
        var (shape, sources) = drawn.Meaning();
        var values = NdArray.Draw(new Random(3), shape);
        // Which of two values written to one place stays is open, so there one value is written everywhere.
        if (sources.Distinct().Count() < sources.Length) values = new NdArray([], [77]);
        var expected = (double[])drawn.Array.Values.Clone();
        for (var k = 0; k < sources.Length; k++) expected[sources[k]] = values.Values[k % values.Values.Length];
        var written = drawn.Array.ToTensor(Device);
        written[drawn.ToIndices(Device)] = values.ToTensor(Device, ScalarType.Float32);
        new NdArray(drawn.Array.Shape, expected).AssertSame(written);
    }

    [Property(Arbitrary = [typeof(Draws)], Replay = Draws.Replay, MaxTest = 500, QuietOnSuccess = true)]
    public void Accumulating_adds_as_often_as_an_element_is_named(IndexCase drawn)
    {
        using var scope = NewDisposeScope();
        var (shape, sources) = drawn.Meaning();
        var values = NdArray.Draw(new Random(3), shape);
        var expected = (double[])drawn.Array.Values.Clone();
        for (var k = 0; k < sources.Length; k++) expected[sources[k]] += values.Values[k];
        var written = drawn.Array.ToTensor(Device);
        written.index_put_(values.ToTensor(Device), drawn.ToIndices(Device), accumulate: true);
        new NdArray(drawn.Array.Shape, expected).AssertSame(written);
    }

    [Property(Arbitrary = [typeof(Draws)], Replay = Draws.Replay, MaxTest = 200, QuietOnSuccess = true)]
    public void The_gradient_of_reading_returns_to_the_elements_read(IndexCase drawn)
    {
        using var scope = NewDisposeScope();
        var (shape, sources) = drawn.Meaning();
        var weights = NdArray.Draw(new Random(4), shape);
        var expected = new double[drawn.Array.Values.Length];
        for (var k = 0; k < sources.Length; k++) expected[sources[k]] += weights.Values[k];
        var source = drawn.Array.ToTensor(Device).requires_grad_();
        (source[drawn.ToIndices(Device)] * weights.ToTensor(Device)).sum().backward();
        new NdArray(drawn.Array.Shape, expected).AssertSame(source.grad!);
    }

    [Test]
    public void An_index_out_of_range_is_refused_with_the_shape()
    {
        using var scope = NewDisposeScope();
        var x = zeros(2, 3, device: Device);
        foreach (var index in new[] { 2, -3 })
        {
            Assert.That(() => x[index], Throws.InstanceOf<ExternalException>().With.Message.Contains($"index {index} out of range").And.Message.Contains("[2, 3]"));
            Assert.That(() => x[index] = 1, Throws.InstanceOf<ExternalException>().With.Message.Contains($"index {index} out of range"));
            Assert.That(() => x[TensorIndex.Ellipsis, TensorIndex.Single(index == 2 ? 3 : -4)], Throws.InstanceOf<ExternalException>().With.Message.Contains("out of range"));
        }
        Assert.That(() => x[TensorIndex.Single(0), TensorIndex.Single(0), TensorIndex.Single(0)], Throws.ArgumentException.With.Message.Contains("[2, 3]"));
        Assert.That(() => x[0, 0, 0], Throws.InstanceOf<ExternalException>().With.Message.Contains("0-dim"));
        Assert.That(() => x[TensorIndex.Tensor(ones(3, ScalarType.Bool, device: Device))], Throws.Exception.With.Message.Contains("[3]").And.Message.Contains("[2, 3]"));
        Assert.That(() => x[TensorIndex.Tensor(ones(2, device: Device))], Throws.Exception.With.Message.Contains("indices").And.Message.Contains("Float32 [2]"));
    }

    [Test]
    public void Values_out_of_range_are_refused_by_the_operator()
    {
        // On a GPU the kernel finds out, too late for an exception of this call, and the device is lost to the process.
        if (Device.type != DeviceType.CPU) Assert.Ignore("only the processor can refuse these");
        using var scope = NewDisposeScope();
        var x = zeros(2, 3);
        var rows = tensor(new long[] { 0, 2 });
        var column = rows.unsqueeze(0);
        var calls = new (string Operator, Func<Tensor> Call)[]
        {
            ("aten::index.Tensor", () => x[rows]),
            ("aten::index_put_", () => x.index_put_(1, rows)),
            ("aten::index_select", () => x.index_select(0, rows)),
            ("aten::gather", () => x.gather(0, column)),
            ("aten::scatter.src", () => x.scatter(0, column, x)),
            ("aten::scatter_add", () => x.scatter_add(0, column, x)),
            ("aten::take", () => x.take(rows * 3)),
            ("aten::embedding", () => nn.Embedding(2, 3).call(rows)),
            ("aten::cross_entropy_loss", () => nn.functional.cross_entropy(x.t()[..2], rows)),
            ("aten::one_hot", () => nn.functional.one_hot(rows, 2)),
            ("aten::multinomial", () => multinomial(x - 1, 1)),
            ("aten::bernoulli", () => bernoulli(x + 2)),
            ("aten::randint", () => randint(3, 3, [2])),
            ("aten::randperm", () => randperm(-1)),
            ("aten::as_strided", () => Ops.as_strided(x, [4, 4], [4, 1])),
            ("aten::repeat_interleave", () => x.repeat_interleave(rows - 1, 0)),
        };
        foreach (var (op, call) in calls)
            Assert.That(() => { _ = call(); }, Throws.InstanceOf<ExternalException>().With.Message.Contains(op), op);
        Assert.That(() => x[rows], Throws.Exception.With.Message.Contains("index 2 is out of bounds").And.Message.Contains("Float32 [2, 3]"));
    }
}
