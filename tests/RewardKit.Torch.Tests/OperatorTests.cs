#if !TORCH_PACKAGE
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class OperatorTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void Arguments_go_by_position_by_name_and_by_default()
    {
        var (a, b) = (Vector(1, 2), Vector(10, 20));
        Assert.That(Operator.Call<Tensor>("aten::add.Tensor", a, b).Floats(), Is.EqualTo(new float[] { 11, 22 }));
        Assert.That(Operator.Call<Tensor>("aten::add.Tensor", a, b, ("alpha", 0.5)).Floats(), Is.EqualTo(new float[] { 6, 12 }));
        Assert.That(Operator.Call<Tensor>("aten::add.Tensor", ("alpha", 2), ("other", a), ("self", b)).Floats(), Is.EqualTo(new float[] { 12, 24 }));
    }

    [Test]
    public void Several_results_come_in_the_schemas_order()
    {
        var results = Operator.Find("aten::topk").Invoke(Vector(3, 9, 5), 2);
        Assert.That(((Tensor)results[0]!).Floats(), Is.EqualTo(new float[] { 9, 5 }));
        Assert.That(((Tensor)results[1]!).Longs(), Is.EqualTo(new long[] { 1, 2 }));
    }

    [Test]
    public void Every_kind_of_argument_and_result_passes()
    {
        var x = Vector(1, 2, 3, 4);
        Assert.That(Operator.Call<Tensor[]>("aten::split_with_sizes", x, new long[] { 1, 3 }).Select(part => part.size(0)), Is.EqualTo(new long[] { 1, 3 }));
        Assert.That(Operator.Call<Tensor>("aten::cat", new List<Tensor> { x, x }).size(0), Is.EqualTo(8));
        Assert.That(Operator.Call<Tensor>("aten::index.Tensor", x, new Tensor?[] { tensor(new long[] { 3, 0 }, device: Device) }).Floats(), Is.EqualTo(new float[] { 4, 1 }));
        Assert.That(Operator.Call<Tensor>("aten::sum.dim_IntList", x.view(2, 2), new[] { 1 }, true, ("dtype", ScalarType.Float64)).Doubles(), Is.EqualTo(new double[] { 3, 7 }));
        Assert.That(Operator.Call<Tensor>("aten::gelu", x, ("approximate", "tanh")).shape, Is.EqualTo(new long[] { 4 }));
        Assert.That(Operator.Call<Tensor>("aten::clamp", x, null, 2.5).Floats(), Is.EqualTo(new[] { 1, 2, 2.5f, 2.5f }));
        Assert.That(Operator.Call<Tensor>("aten::zeros", new[] { 2, 2 }, ("dtype", ScalarType.Int64), ("device", Device)).Longs(), Is.All.Zero);
        Assert.That(Operator.Call<bool>("aten::equal", x, x));
        Assert.That(Operator.Call<object>("aten::item", x.sum()), Is.EqualTo(10.0));
        Assert.That(Operator.Call<long>("aten::size.int", x, 0), Is.EqualTo(4));
        Assert.That(Operator.Call("aten::_foreach_mul_.Scalar", new[] { x }, 2), Is.Empty);
        Assert.That(x.Floats(), Is.EqualTo(new float[] { 2, 4, 6, 8 }));
    }

    [Test]
    public void Our_own_operators_and_gradients_work_too()
    {
        var gate = Vector(1, -1).requires_grad_();
        Operator.Call<Tensor>("rewardkit::swiglu", gate, Vector(2, 2)).sum().backward();
        Assert.That(gate.grad!.isfinite().all().item<bool>());
        Assert.That(Operator.List("rewardkit::"), Does.Contain("rewardkit::packed_attention").And.Contain("rewardkit::adamw_"));
    }

    [Test]
    public void No_call_leaves_a_tensor_alive_and_a_wrong_result_type_none_either()
    {
        using var x = Vector(1, 2).DetachFromDisposeScope();
        var before = LiveTensors.Count;
        Operator.Call<Tensor>("aten::relu", x).Dispose();
        Assert.That(() => Operator.Call<Tensor>("aten::sort", x), Throws.InstanceOf<InvalidCastException>().With.Message.Contains("Tensor Float32 [2]"));
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
    }

    [Test]
    public void Kernels_are_known_by_device()
    {
        Assert.That(Operator.Find("aten::mm").HasKernel(Device.type));
        Assert.That(Operator.Find("aten::cudnn_batch_norm").HasKernel(DeviceType.CPU), Is.False);
    }

    [Test]
    public void What_libtorch_refuses_is_told_with_every_argument() =>
        Assert.That(() => Operator.Call("aten::mm", Vector(1), Vector(1)),
            Throws.Exception.With.Message.Contains("aten::mm failed").And.Message.Contains("self: Float32 [1]"));

    private Tensor Vector(params float[] values) => tensor(values, device: Device);
}

public class OperatorErrorTests
{
    private static readonly Tensor s_x = ones(3);

    private static IEnumerable<TestCaseData> Wrong()
    {
        yield return new("aten::topk", new object?[] { s_x }, "lacks the argument 'k' (int)");
        yield return new("aten::topk", new object?[] { s_x, 1.5 }, "wants int as the argument 'k', not the Double 1.5");
        yield return new("aten::topk", new object?[] { s_x, s_x }, "not a Tensor Float32 [3] on cpu");
        yield return new("aten::topk", new object?[] { null, 1 }, "wants Tensor as the argument 'self', not null");
        yield return new("aten::topk", new object?[] { s_x, 1, ("k", 2) }, "got the argument 'k' twice");
        yield return new("aten::topk", new object?[] { s_x, 1, ("dims", 0) }, "has no argument 'dims'");
        yield return new("aten::topk", new object?[] { ("k", 1), s_x }, "without a name after one with a name");
        yield return new("aten::add.Tensor", new object?[] { s_x, s_x, 2 }, "takes at most 2 arguments by position");
        yield return new("aten::cat", new object?[] { s_x }, "wants Tensor[] as the argument 'tensors'");
        yield return new("aten::cat", new object?[] { new object?[] { s_x, 3 } }, "a sequence of 2 that begins with a Tensor");
        yield return new("aten::sum.dim_IntList", new object?[] { s_x, new[] { 0.5 } }, "wants int[]? as the argument 'dim'");
    }

    [TestCaseSource(nameof(Wrong))]
    public void A_wrong_argument_is_named_with_the_schema(string name, object?[] args, string message) =>
        Assert.That(() => Operator.Call(name, args), Throws.ArgumentException.With.Message.Contains(message).And.Message.Contains("schema: " + name));

    [TestCase("aten::topkk", "Did you mean aten::topk, ")]
    [TestCase("aten::add", "aten::add.Tensor")]
    [TestCase("relu", "Name one of these: aten::relu")]
    [TestCase("aten::add.Tensors", "aten::add.Tensor")]
    [TestCase("nothing::of_the_sort", "Operator.List(prefix)")]
    public void A_wrong_name_brings_near_ones(string name, string hint)
    {
        Assert.That(() => Operator.Find(name), Throws.ArgumentException.With.Message.Contains(hint));
        Assert.That(Operator.Exists(name), Is.False);
        Assert.That(Operator.Exists("aten::topk"));
    }
}
#endif
