using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch.Tests;

[TestFixtureSource(typeof(Devices), nameof(Devices.All))]
public class MemoryTests(DeviceType type) : DeviceTests(type)
{
    private const long MiB = 1 << 20;

    [Test]
    public void A_large_tensor_is_seen_to_come_and_go()
    {
        Memory.ReleaseCache();
        Memory.ResetPeak(Device);
        var before = Memory.Stats(Device);
        Memory.Usage during;
        using (ones([64 * MiB], ScalarType.Float32, Device)) during = Memory.Stats(Device);
        Memory.ReleaseCache();
        var after = Memory.Stats(Device);
        Assert.That(during.Allocated - before.Allocated, Is.GreaterThan(200 * MiB));
        Assert.That(during.Reserved, Is.GreaterThanOrEqualTo(during.Allocated));
        Assert.That(after.Allocated - before.Allocated, Is.LessThan(56 * MiB));
        Assert.That(after.Reserved - before.Reserved, Is.LessThan(56 * MiB));
        Assert.That(after.PeakAllocated - before.Allocated, Is.GreaterThan(200 * MiB));
        Memory.ResetPeak(Device);
        Assert.That(Memory.Stats(Device).PeakAllocated - before.Allocated, Is.LessThan(56 * MiB));
    }

    [Test]
    public void There_is_some_memory_and_less_of_it_free()
    {
        Assert.That(Memory.TotalMemory(Device), Is.GreaterThan(256 * MiB));
        Assert.That(Memory.FreeMemory(Device), Is.GreaterThan(0).And.LessThanOrEqualTo(Memory.TotalMemory(Device)));
    }
}

public class MemoryErrorTests
{
    [Test]
    public void A_device_that_is_not_there_is_refused()
    {
        Assert.That(() => Memory.Stats(new Device(DeviceType.META)), Throws.InstanceOf<NotSupportedException>());
        if (!cuda.is_available())
            Assert.That(() => Memory.Stats(new Device(DeviceType.CUDA)), Throws.InvalidOperationException.With.Message.Contains("CUDA"));
    }
}
