using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>
/// The states of torch's default generators, from which dropout and random tensors draw: who takes a state up draws the
/// same numbers again.
/// </summary>
public static class GeneratorState
{
    /// <summary>Whether a device's generator can be read and set; the TorchSharp package reaches the processor's alone.</summary>
    /// <param name="device">The device.</param>
    public static bool IsSupported(Device device) =>
#if TORCH_PACKAGE
        device.type == DeviceType.CPU;
#else
        device.type is DeviceType.CPU or DeviceType.CUDA;
#endif

    /// <summary>The state of a device's default generator.</summary>
    /// <param name="device">The device.</param>
    public static byte[] Read(Device device)
    {
        using var generator = Of(device);
        using var state = generator.get_state();
        return state.bytes.ToArray();
    }

    /// <summary>Takes over a state that <see cref="Read"/> gave for a device of this kind.</summary>
    /// <param name="device">The device.</param>
    /// <param name="bytes">The state.</param>
    public static void Write(Device device, byte[] bytes)
    {
        using var generator = Of(device);
        using var state = frombuffer(bytes, ScalarType.Byte);
        generator.set_state(state);
    }

#if TORCH_PACKAGE
    private static Generator Of(Device device) => IsSupported(device)
        ? Generator.Default
        : throw Provider.Lacks($"The state of the generator of {device}");
#else
    private static Generator Of(Device device) => Generator.DefaultOf(device);
#endif
}
