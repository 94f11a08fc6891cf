using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class OperatorTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    [Test]
    public void Arithmetic_with_numbers_on_either_side()
    {
        var x = tensor(new float[] { 1, 2, 4 }, device: Device);
        Assert.That((10 - x).Floats(), Is.EqualTo(new[] { 9f, 8f, 6f }));
        Assert.That((8 / x).Floats(), Is.EqualTo(new[] { 8f, 4f, 2f }));
        Assert.That((x / 2 + 1.5).Floats(), Is.EqualTo(new[] { 2f, 2.5f, 3.5f }));
        Assert.That((-x % 3).Floats(), Is.EqualTo(new[] { 2f, 1f, 2f }));
        Assert.That((x > 1 & x < 4).Bools(), Is.EqualTo(new[] { false, true, false }));
        Assert.That((1 > x).Bools(), Is.EqualTo(new[] { false, false, false }));
        Assert.That((2 >= x).Bools(), Is.EqualTo(new[] { true, true, false }));
    }

    [Test]
    public void Types_follow_PyTorchs_promotion()
    {
        var integers = tensor(new long[] { 1, 2 }, device: Device);
        Assert.That((integers + 1).dtype, Is.EqualTo(ScalarType.Int64));
        Assert.That((integers + 0.5).dtype, Is.EqualTo(ScalarType.Float32));
        Assert.That((integers / 2).dtype, Is.EqualTo(ScalarType.Float32));
        Assert.That((tensor(new float[] { 1 }, device: Device) + 1.0).dtype, Is.EqualTo(ScalarType.Float32));
        Assert.That(arange(3, device: Device).dtype, Is.EqualTo(ScalarType.Int64));
        Assert.That(full(2, 1.5, device: Device).dtype, Is.EqualTo(ScalarType.Float32));
        Assert.That(full(2, 1, device: Device).dtype, Is.EqualTo(ScalarType.Int64));
    }

    [Test]
    public void In_place_operations_change_and_return_the_tensor_itself()
    {
        var x = tensor(new float[] { 1, 2 }, device: Device);
        Assert.That(x.add_(1).mul_(tensor(new float[] { 2, 3 }, device: Device)), Is.SameAs(x));
        Assert.That(x.Floats(), Is.EqualTo(new[] { 4f, 9f }));
        x.addcdiv_(ones(2, device: Device), tensor(new float[] { 2, 4 }, device: Device), -8);
        Assert.That(x.Floats(), Is.EqualTo(new[] { 0f, 7f }));
    }

    [Test]
    public void Reductions()
    {
        var x = tensor(new float[,] { { 1, 2, 3 }, { 4, 5, 9 } }, device: Device);
        Assert.That(x.sum(1).Floats(), Is.EqualTo(new[] { 6f, 18f }));
        Assert.That(x.sum([0, 1]).item<float>(), Is.EqualTo(24f));
        Assert.That(x.mean([0], keepdim: true).shape, Is.EqualTo(new long[] { 1, 3 }));
        var (values, indexes) = x.max(1);
        Assert.That(values.Floats(), Is.EqualTo(new[] { 3f, 9f }));
        Assert.That(indexes.Longs(), Is.EqualTo(new long[] { 2, 2 }));
        // Row two is 4, 5, 9: mean 6, squared distances 4 + 1 + 9.
        Assert.That(x.var(1).Floats(), Is.EqualTo(new[] { 1f, 7f }));
        Assert.That(x.var(1, unbiased: false)[1].item<float>(), Is.EqualTo(14f / 3).Within(1e-6));
        Assert.That(x.argmax().item<long>(), Is.EqualTo(5));
        Assert.That(x.cumsum(1)[1].Floats(), Is.EqualTo(new[] { 4f, 9f, 18f }));
        Assert.That(zeros(4, device: Device).logsumexp(0).item<float>(), Is.EqualTo(MathF.Log(4)).Within(1e-6));
    }

    [Test]
    public void Shapes()
    {
        var x = arange(6, device: Device).view(2, 3);
        Assert.That(x.t().Longs(), Is.EqualTo(new long[] { 0, 3, 1, 4, 2, 5 }));
        Assert.That(x.T.is_contiguous(), Is.False);
        Assert.That(x.unsqueeze(1).expand(2, 4, 3).shape, Is.EqualTo(new long[] { 2, 4, 3 }));
        Assert.That(x.unflatten(-1, 3, 1).shape, Is.EqualTo(new long[] { 2, 3, 1 }));
        Assert.That(cat([x, x], 1).shape, Is.EqualTo(new long[] { 2, 6 }));
        Assert.That(stack([x, x], 0).shape, Is.EqualTo(new long[] { 2, 2, 3 }));
        Assert.That(x.split([1, 2], 1)[1].Longs(), Is.EqualTo(new long[] { 1, 2, 4, 5 }));
        Assert.That(x.flip(1)[0].Longs(), Is.EqualTo(new long[] { 2, 1, 0 }));
        Assert.That(x.size(-1), Is.EqualTo(3));
    }

    [Test]
    public void Sorting_and_gathering()
    {
        var x = tensor(new float[] { 3, 1, 2 }, device: Device);
        Assert.That(x.sort(descending: true).Indices.Longs(), Is.EqualTo(new long[] { 0, 2, 1 }));
        Assert.That(x.topk(2).values.Floats(), Is.EqualTo(new[] { 3f, 2f }));
        Assert.That(x.gather(0, tensor(new long[] { 2, 2, 0 }, device: Device)).Floats(), Is.EqualTo(new[] { 2f, 2f, 3f }));
        Assert.That(zeros(3, device: Device).scatter_add(0, tensor(new long[] { 1, 1, 0 }, device: Device), x).Floats(), Is.EqualTo(new[] { 2f, 4f, 0f }));
        Assert.That(where(x > 1, x, zeros_like(x)).Floats(), Is.EqualTo(new[] { 3f, 0f, 2f }));
        Assert.That(x.masked_fill(x > 2, -1).Floats(), Is.EqualTo(new[] { -1f, 1f, 2f }));
        Assert.That(einsum("i,j->ij", x, x).sum().item<float>(), Is.EqualTo(36f));
    }

    [Test]
    public void Bounds_may_be_left_out()
    {
        var x = tensor(new float[] { -2, 0, 2 }, device: Device);
        Assert.That(x.clamp(min: (Scalar)(-1)).Floats(), Is.EqualTo(new[] { -1f, 0f, 2f }));
        Assert.That(x.clamp(-1, 1).Floats(), Is.EqualTo(new[] { -1f, 0f, 1f }));
        Assert.That(x.div(3, RoundingMode.floor).Floats(), Is.EqualTo(new[] { -1f, 0f, 0f }));
        Assert.That(x.div(3, RoundingMode.trunc).Floats(), Is.EqualTo(new[] { -0f, 0f, 0f }));
    }

    [Test]
    public void Types_convert()
    {
        var x = tensor(new float[] { 1.7f, -1.7f }, device: Device);
        Assert.That(x.to(ScalarType.Int64).Longs(), Is.EqualTo(new long[] { 1, -1 }));
        Assert.That(x.bfloat16().dtype, Is.EqualTo(ScalarType.BFloat16));
        Assert.That((double)tensor(3, device: Device), Is.EqualTo(3.0));
        Assert.That((int)tensor(3.9f, device: Device), Is.EqualTo(3));
        Tensor implicitly = 2.5;
        Assert.That(implicitly.item<double>(), Is.EqualTo(2.5));
    }
}
