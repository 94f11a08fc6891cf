using TorchSharp;

namespace RewardKit.Tests;

/// <summary>The devices that tests of the torch layer run on.</summary>
public static class Devices
{
    /// <summary>Every fixture runs once for each; see <see cref="DeviceTests"/>.</summary>
    public static readonly DeviceType[] All = [DeviceType.CPU, DeviceType.CUDA];
}

/// <summary>A fixture that runs once for each device and is skipped for one that the machine lacks.</summary>
public abstract class DeviceTests(DeviceType type)
{
    /// <summary>Where the tests' tensors live.</summary>
    protected torch.Device Device { get; } = new(type, type == DeviceType.CUDA ? 0 : -1);

    /// <summary>Skips the fixture where the device is missing.</summary>
    [OneTimeSetUp]
    public void NeedsTheDevice()
    {
        if (type == DeviceType.CUDA && !torch.cuda.is_available()) Assert.Ignore("No CUDA device on this machine");
    }
}
