using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>
/// Automatic mixed precision: inside a scope, matrix products, attention and convolutions on a kind of device run in a half
/// type and what needs the range runs in float32, by libtorch's own lists; parameters stay as they are. Of the operators
/// of RewardKit, <see cref="TokenLogProbs"/> and <see cref="PackedAttention"/> take and <see cref="PackedAttention"/> gives
/// the half type, <see cref="RmsNorm"/> computes and gives float32, and <see cref="SwiGlu"/> the wider of its two types.
/// </summary>
/// <remarks>
/// The state belongs to the thread. A weight is cast once for all its uses inside the outermost scope, so change no weight
/// there. Run the forward pass inside the scope and the backward pass outside.
/// </remarks>
public static class Autocast
{
    /// <summary>Turns autocast on for a kind of device until the result is disposed, on the same thread; scopes nest.</summary>
    /// <param name="device">CPU or CUDA.</param>
    /// <param name="type">bfloat16, or on CUDA also float16, which wants a <see cref="GradScaler"/>.</param>
    /// <exception cref="NotSupportedException">No autocast for this device or type.</exception>
    public static IDisposable Enable(DeviceType device, ScalarType type = ScalarType.BFloat16)
    {
        var known = type == ScalarType.BFloat16 || (type == ScalarType.Float16 && device == DeviceType.CUDA);
        if (!known)
            throw new NotSupportedException($"Autocast on {device} runs in {(device == DeviceType.CUDA ? "BFloat16 or Float16" : "BFloat16")}, not in {type}");
        return Enter(device, true, type);
    }

    /// <summary>Turns autocast off for a kind of device until the result is disposed, say for a loss inside a scope.</summary>
    public static IDisposable Disable(DeviceType device) => Enter(device, false, Type(device));

    /// <summary>Whether autocast is on for a kind of device on this thread.</summary>
    public static bool IsEnabled(DeviceType device)
    {
        Check(device);
#if TORCH_PACKAGE
        return false;
#else
        return Native.rk_autocast_enabled((int)device) != 0;
#endif
    }

    /// <summary>The type that a kind of device computes in when autocast is on.</summary>
    public static ScalarType Type(DeviceType device)
    {
        Check(device);
#if TORCH_PACKAGE
        throw Provider.Lacks("Autocast");
#else
        return (ScalarType)Native.rk_autocast_dtype((int)device);
#endif
    }

    private static void Check(DeviceType device)
    {
        if (device is not (DeviceType.CPU or DeviceType.CUDA)) throw new NotSupportedException($"Autocast is offered on CPU and CUDA, not on {device}");
    }

#if TORCH_PACKAGE
    private static IDisposable Enter(DeviceType device, bool on, ScalarType type)
    {
        Check(device);
        throw Provider.Lacks("Autocast");
    }
#else
    internal static IDisposable Enter(DeviceType device, bool on, ScalarType type)
    {
        Check(device);
        return new Scope(device, on, type);
    }

    private sealed class Scope : IDisposable
    {
        private readonly DeviceType _device;
        private readonly int _wasOn;
        private readonly int _wasType;
        private readonly int _thread = Environment.CurrentManagedThreadId;
        private bool _open = true;

        public Scope(DeviceType device, bool on, ScalarType type)
        {
            _device = device;
            _wasOn = Native.rk_autocast_enabled((int)device);
            _wasType = Native.rk_autocast_dtype((int)device);
            Native.rk_autocast_enter((int)device, on ? 1 : 0, (int)type);
        }

        public void Dispose()
        {
            if (!_open) return;
            if (_thread != Environment.CurrentManagedThreadId)
                throw new InvalidOperationException("An autocast scope must be disposed on the thread that opened it; do not await inside it");
            _open = false;
            Native.rk_autocast_leave((int)_device, _wasOn, _wasType);
        }
    }
#endif
}
