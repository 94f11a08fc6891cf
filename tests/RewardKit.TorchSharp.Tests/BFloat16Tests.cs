using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class BFloat16Tests(DeviceType type) : DeviceTests(type)
{
    private static readonly float[] Numbers =
    [
        0, -0f, 1, -1, 1 + 1 / 256f, 1 + 3 / 256f, 3.14159f, 1e-40f, -1e38f, float.MaxValue, float.Epsilon,
        float.PositiveInfinity, float.NegativeInfinity, 65504, 1f / 3, 0.1f, 257, 259,
    ];

    [Test]
    public void It_rounds_as_libtorch_does()
    {
        using var scope = NewDisposeScope();
        var rounded = tensor(Numbers, device: Device).bfloat16();
        Assert.That(Numbers.Select(number => new BFloat16(number).ToSingle()), Is.EqualTo(rounded.to_type(float32).cpu().data<float>().ToArray()));
        Assert.That(rounded.cpu().data<BFloat16>().ToArray(), Is.EqualTo(Numbers.Select(number => (BFloat16)number)));
        Assert.That(BFloat16.IsNaN(new BFloat16(float.NaN)), Is.True);
        Assert.That(BFloat16.IsNaN((BFloat16)BitConverter.UInt32BitsToSingle(0x7F800001)), Is.True); // its upper half is infinity's
    }

    [Test]
    public void Tensors_take_it_and_give_it()
    {
        using var scope = NewDisposeScope();
        var values = new[] { (BFloat16)1.5f, (BFloat16)(-2), BFloat16.Epsilon, BFloat16.MaxValue };
        var made = tensor(new Memory<BFloat16>(values), [2, 2], device: Device);
        Assert.That((made.dtype, made[0, 1].item<BFloat16>()), Is.EqualTo((bfloat16, (BFloat16)(-2))));
        Assert.That(made.cpu().data<BFloat16>()[1, 1], Is.EqualTo(BFloat16.MaxValue));
        Assert.That((made[0, 0] + (Scalar)(BFloat16)0.5f).ToBFloat16().ToSingle(), Is.EqualTo(2));
        Assert.That(((Scalar)(BFloat16)0.5f).Type, Is.EqualTo(bfloat16));
    }

    [Test]
    public void It_computes_and_compares_as_a_number()
    {
        var (two, three) = ((BFloat16)2, (BFloat16)3);
        Assert.That(new[] { two + three, two - three, two * three, three / two, three % two, -two }.Select(value => (double)value),
            Is.EqualTo(new[] { 5.0, -1, 6, 1.5, 1, -2 }));
        Assert.That((two < three, two >= three, two == (BFloat16)2, BFloat16.NaN == (BFloat16)float.NaN, BFloat16.Zero == (BFloat16)(-0f)), Is.EqualTo((true, false, true, false, true)));
        Assert.That(new[] { three, two, BFloat16.NegativeInfinity }.Order(), Is.EqualTo(new[] { BFloat16.NegativeInfinity, two, three }));
        Assert.That(BFloat16.NaN.Equals(BFloat16.NaN), Is.True);
        Assert.That(BFloat16.FromRawValue(0x3FC0).ToString(null, System.Globalization.CultureInfo.InvariantCulture), Is.EqualTo("1.5"));
    }

    [Test]
    public void An_accessor_notices_that_the_elements_went_elsewhere()
    {
        using var scope = NewDisposeScope();
        var linear = nn.Linear(2, 2);
        var weights = linear.weight.data<float>();
        var first = weights[0];
        linear.to(float64);
        Assert.That(() => weights[0], Throws.InvalidOperationException.With.Message.Contains("data()"));
        Assert.That(weights.ToArray, Throws.InvalidOperationException);
        Assert.That(linear.weight.data<double>()[0], Is.EqualTo(first));
        var order = zeros(2, int64);
        var indices = order.data<long>();
        randperm(5000, order);
        Assert.That(() => indices[0], Throws.InvalidOperationException);
        Assert.That(order.sum().item<long>(), Is.EqualTo(5000L * 4999 / 2));
    }

    [Test]
    public void A_permutation_is_written_to_a_given_tensor()
    {
        using var scope = NewDisposeScope();
        var target = empty(10, int64, Device);
        using var generator = new torch.Generator(3, Device);
        var result = randperm(10, target, generator);
        Assert.That(target.sort().Values.equal(arange(10, device: Device)).all().item<bool>(), Is.True);
        Assert.That(result.equal(target).all().item<bool>(), Is.True);
        using var again = new torch.Generator(3, Device);
        Assert.That(randperm(10, generator: again, device: Device).equal(target).all().item<bool>(), Is.True);
    }
}
