using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

/// <summary>What an operator costs the garbage collector, in bytes; the layer's README states these.</summary>
[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class AllocationTests(DeviceType type) : DeviceTests(type)
{
    /// <summary>A tensor's object: header and type, the native pointer, the scope, the place in it.</summary>
    private const int TensorBytes = 40;

    /// <summary>A number as an object, which TorchSharp's methods take; its arithmetic operators take the number itself.</summary>
    private const int ScalarBytes = 40;

    private DisposeScope _scope = null!;
    private Tensor _a = null!;
    private Tensor _b = null!;

    [SetUp]
    public void Open()
    {
        _scope = NewDisposeScope();
        (_a, _b) = (rand(4, 4, device: Device), rand(4, 4, device: Device));
    }

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void An_operator_allocates_the_tensor_object_and_nothing_else()
    {
        long[] shape = [2, 8];
        Tensor[] pair = [_a, _b];
        var mask = _a > 0.5f;
        var rows = tensor(new long[] { 2, 0 }, device: Device);
        Assert.That(BytesPerCall(() => _a.add(_b)), Is.EqualTo(TensorBytes), "add");
        Assert.That(BytesPerCall(() => _ = _a * _b), Is.EqualTo(TensorBytes), "a * b");
        Assert.That(BytesPerCall(() => _ = _a * 2.0), Is.EqualTo(TensorBytes), "a * 2.0");
        Assert.That(BytesPerCall(() => _ = 1 - _a), Is.EqualTo(TensorBytes), "1 - a");
        Assert.That(BytesPerCall(() => _a.matmul(_b)), Is.EqualTo(TensorBytes), "matmul");
        Assert.That(BytesPerCall(() => _ = _a[1]), Is.EqualTo(TensorBytes), "a[1]");
        Assert.That(BytesPerCall(() => _a.narrow(0, 1, 2)), Is.EqualTo(TensorBytes), "narrow");
        Assert.That(BytesPerCall(() => _a.view(shape)), Is.EqualTo(TensorBytes), "view");
        Assert.That(BytesPerCall(() => _a.transpose(0, 1)), Is.EqualTo(TensorBytes), "transpose");
        Assert.That(BytesPerCall(() => _a.sum(1)), Is.EqualTo(TensorBytes), "sum");
        Assert.That(BytesPerCall(() => _a.softmax(-1)), Is.EqualTo(TensorBytes), "softmax");
        Assert.That(BytesPerCall(() => _a.argmax(-1)), Is.EqualTo(TensorBytes), "argmax");
        Assert.That(BytesPerCall(() => _a.to(ScalarType.Float64)), Is.EqualTo(TensorBytes), "to");
        Assert.That(BytesPerCall(() => where(mask, _a, _b)), Is.EqualTo(TensorBytes), "where");
        Assert.That(BytesPerCall(() => cat(pair)), Is.EqualTo(TensorBytes), "cat");
        Assert.That(BytesPerCall(() => _a.index_select(0, rows)), Is.EqualTo(TensorBytes), "index_select");
        Assert.That(BytesPerCall(() => nn.functional.linear(_a, _b)), Is.EqualTo(TensorBytes), "linear");
    }

    [Test]
    public void In_place_operators_and_reading_a_number_allocate_nothing()
    {
        var one = ones(1, device: Device);
        Scalar half = 0.5;
        Assert.That(BytesPerCall(() => _a.add_(_b)), Is.Zero, "add_");
        Assert.That(BytesPerCall(() => _a.mul_(half)), Is.Zero, "mul_");
        Assert.That(BytesPerCall(() => _a.zero_()), Is.Zero, "zero_");
        Assert.That(BytesPerCall(() => one.item<float>()), Is.Zero, "item");
        Assert.That(BytesPerCall(() => _ = (_a.size(0), _a.ndim, _a.dtype, _a.device)), Is.Zero, "properties");
    }

    [Test]
    public void A_number_as_an_argument_is_one_object_more() =>
        Assert.That(BytesPerCall(() => _a.mul(2.0)), Is.EqualTo(TensorBytes + ScalarBytes));

    [Test]
    public void Recording_for_the_backward_pass_changes_nothing()
    {
        var weight = rand(4, 4, device: Device, requires_grad: true);
        Assert.That(BytesPerCall(() => _a.matmul(weight)), Is.EqualTo(TensorBytes));
    }

    [Test]
    public void Slices_and_marks_cost_their_list_and_a_tensor_object_for_each_that_narrows()
    {
        // The compiler makes the list of entries; each entry that leaves something out is a view of its own.
        var list = BytesPerCall(() => Keep([TensorIndex.Ellipsis, TensorIndex.Single(1)]));
        Assert.That(BytesPerCall(() => _ = _a[TensorIndex.Ellipsis, TensorIndex.Single(1)]), Is.EqualTo(list + TensorBytes));

        static void Keep(TensorIndex[] entries) => GC.KeepAlive(entries);
    }

    /// <summary>In a scope that is used over and over, as a loop does.</summary>
    private static double BytesPerCall(Action call)
    {
        const int calls = 1000;
        using var scope = NewDisposeScope();
        for (var round = 0; round < 3; round++) Round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Round();
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)calls;

        void Round()
        {
            for (var k = 0; k < calls; k++) call();
            scope.DisposeEverything();
        }
    }
}
