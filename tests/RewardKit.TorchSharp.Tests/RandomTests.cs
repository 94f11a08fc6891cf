using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class RandomTests(DeviceType type) : DeviceTests(type)
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    private float[] Draw() =>
        [.. rand(5, device: Device).Floats(), .. randn(20, device: Device).Floats(), .. bernoulli(full(5, 0.5, device: Device)).Floats()];

    [Test]
    public void A_seed_decides_everything()
    {
        manual_seed(7);
        var first = Draw();
        var next = Draw();
        manual_seed(7);
        Assert.That(Draw(), Is.EqualTo(first));
        Assert.That(next, Is.Not.EqualTo(first));
    }

    [Test]
    public void Integers_stay_in_range()
    {
        var x = randint(3, 6, [1000], device: Device);
        Assert.That(x.min().item<long>(), Is.EqualTo(3));
        Assert.That(x.max().item<long>(), Is.EqualTo(5));
    }
}
