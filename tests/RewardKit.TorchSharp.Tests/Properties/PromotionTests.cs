using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.Properties;

/// <summary>The type of a result, against PyTorch's rules in plain C#.</summary>
[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class PromotionTests(DeviceType type) : DeviceTests(type)
{
    private static readonly ScalarType[] s_types = [ScalarType.Bool, ScalarType.Byte, ScalarType.Int8, ScalarType.Int16, ScalarType.Int32, ScalarType.Int64, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64];

    /// <summary>0 for truth values, 1 for integers, 2 for floating point: the higher kind decides.</summary>
    private static int Kind(ScalarType type) => type is ScalarType.Bool ? 0 : type is ScalarType.Byte or ScalarType.Int8 or ScalarType.Int16 or ScalarType.Int32 or ScalarType.Int64 ? 1 : 2;

    private static ScalarType Promoted(ScalarType a, ScalarType b)
    {
        if (a == b) return a;
        if (Kind(a) != Kind(b)) return Kind(a) > Kind(b) ? a : b;
        // The two half types meet in the first that holds both; so do signed and unsigned bytes.
        if (Size(a) == Size(b)) return Kind(a) == 2 ? ScalarType.Float32 : ScalarType.Int16;
        return Size(a) > Size(b) ? a : b;
    }

    private static int Size(ScalarType type) => type switch
    {
        ScalarType.Bool or ScalarType.Byte or ScalarType.Int8 => 1,
        ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 => 4,
        _ => 8,
    };

    [Test]
    public void Two_tensors([ValueSource(nameof(s_types))] ScalarType left)
    {
        using var scope = NewDisposeScope();
        foreach (var right in s_types)
        {
            var (a, b) = (ones(2, left, Device), ones(2, right, Device));
            var common = Promoted(left, right);
            Assert.That((a + b).dtype, Is.EqualTo(common), $"{left} + {right}");
            Assert.That((a * b).dtype, Is.EqualTo(common), $"{left} * {right}");
            Assert.That((a / b).dtype, Is.EqualTo(Kind(common) == 2 ? common : ScalarType.Float32), $"{left} / {right}");
            Assert.That((a > b).dtype, Is.EqualTo(ScalarType.Bool), $"{left} > {right}");
            Assert.That(where(a > b, a, b).dtype, Is.EqualTo(common), $"where of {left} and {right}");
        }
    }

    [Test]
    public void A_tensor_without_dimensions_decides_only_by_a_higher_kind([ValueSource(nameof(s_types))] ScalarType left)
    {
        using var scope = NewDisposeScope();
        foreach (var right in s_types)
            Assert.That((ones(2, left, Device) + ones([], right, Device)).dtype, Is.EqualTo(Kind(right) > Kind(left) ? right : left), $"{left} + {right}");
    }

    [Test]
    public void A_number_decides_only_by_a_higher_kind([ValueSource(nameof(s_types))] ScalarType left)
    {
        using var scope = NewDisposeScope();
        var x = ones(2, left, Device);
        Assert.That((x + 2).dtype, Is.EqualTo(Kind(left) == 0 ? ScalarType.Int64 : left));
        Assert.That((2L * x).dtype, Is.EqualTo(Kind(left) == 0 ? ScalarType.Int64 : left));
        Assert.That((x + 2.5).dtype, Is.EqualTo(Kind(left) < 2 ? ScalarType.Float32 : left));
        Assert.That((2.5f * x).dtype, Is.EqualTo(Kind(left) < 2 ? ScalarType.Float32 : left));
        Assert.That(x.mul((Scalar)true).dtype, Is.EqualTo(left));
        Assert.That((x / 2).dtype, Is.EqualTo(Kind(left) < 2 ? ScalarType.Float32 : left));
    }

    [Test]
    public void Reductions([ValueSource(nameof(s_types))] ScalarType of)
    {
        using var scope = NewDisposeScope();
        var x = ones(2, of, Device);
        Assert.That(x.sum().dtype, Is.EqualTo(Kind(of) < 2 ? ScalarType.Int64 : of));
        // Early versions of libtorch have no such sum of Float16 on the processor.
        if (of != ScalarType.Float16) Assert.That(x.cumsum(0).dtype, Is.EqualTo(Kind(of) < 2 ? ScalarType.Int64 : of));
        Assert.That(x.max().dtype, Is.EqualTo(of));
        Assert.That(x.sum(ScalarType.Float64).dtype, Is.EqualTo(ScalarType.Float64));
        if (Kind(of) == 2) Assert.That(x.mean().dtype, Is.EqualTo(of));
        else Assert.That(() => x.mean(), Throws.InstanceOf<ExternalException>().With.Message.Contains("aten::mean").And.Message.Contains($"self: {of} [2] on {Device}"));
    }

    [Test]
    public void In_place_the_tensor_keeps_its_type_or_refuses([ValueSource(nameof(s_types))] ScalarType left)
    {
        using var scope = NewDisposeScope();
        foreach (var right in s_types)
        {
            var (a, b) = (ones(2, left, Device), ones(2, right, Device));
            if (Kind(right) <= Kind(left)) Assert.That(a.add_(b).dtype, Is.EqualTo(left), $"{left} += {right}");
            else Assert.That(() => a.add_(b), Throws.InstanceOf<ExternalException>().With.Message.Contains("aten::add_.Tensor").And.Message.Contains($"other: {right} [2] on {Device}"), $"{left} += {right}");
        }
    }
}
