using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>
            /// Parameters and persistent buffers by path, the tensors themselves, not copies. A shared parameter stands under
            /// each of its paths.
            /// </summary>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                var start = string.IsNullOrEmpty(prefix) ? "" : prefix + ".";
                foreach (var (path, parameter) in AllParameters(true)) destination.TryAdd(start + path, parameter);
                foreach (var (path, buffer) in AllBuffers(true, false)) destination.TryAdd(start + path, buffer);
                return destination;
            }

            /// <summary>Copies values into the parameters and buffers, converting type and device.</summary>
            /// <param name="source">Values by path; each of the shape of its target.</param>
            /// <param name="strict">Whether both sides must have the same paths, apart from those skipped.</param>
            /// <param name="skip">Paths to leave alone.</param>
            /// <returns>The paths missing in <paramref name="source"/>, and those that have no target.</returns>
            /// <exception cref="InvalidOperationException">A shape differs, or <paramref name="strict"/> is hurt.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                var targets = state_dict();
                var wanted = targets.Keys.Where(path => skip is null || !skip.Contains(path)).ToList();
                var missing = wanted.Where(path => !source.ContainsKey(path)).ToList();
                var unexpected = source.Keys.Where(path => !targets.ContainsKey(path) && (skip is null || !skip.Contains(path))).ToList();
                if (strict && missing.Count + unexpected.Count > 0)
                {
                    throw new InvalidOperationException(
                        $"The state does not fit {GetName()}; missing: [{string.Join(", ", missing)}], unexpected: [{string.Join(", ", unexpected)}]");
                }
                foreach (var path in wanted)
                {
                    if (source.TryGetValue(path, out var value) && !value.shape.SequenceEqual(targets[path].shape))
                    {
                        throw new InvalidOperationException(
                            $"'{path}' of {GetName()} has the shape [{string.Join(", ", targets[path].shape)}], the value given [{string.Join(", ", value.shape)}]");
                    }
                }
                using var noGrad = no_grad();
                foreach (var path in wanted)
                {
                    if (source.TryGetValue(path, out var value)) targets[path].copy_(value);
                }
                return (missing, unexpected);
            }

            /// <summary>The kind of device that the module was moved to last.</summary>
            protected DeviceType _deviceType = DeviceType.CPU;

            /// <summary>The number of the device that the module was moved to last, or -1.</summary>
            protected int _deviceIndex = -1;

            /// <summary>Converts the parameters and floating-point buffers, here and below.</summary>
            protected internal virtual Module _to(ScalarType dtype, bool non_blocking)
            {
                CheckFloating(dtype);
                _toEpilog(dtype, non_blocking);
                return this;
            }

            /// <summary>Moves parameters and buffers, here and below.</summary>
            protected internal virtual Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
            {
                InitializeDevice(new Device(deviceType, deviceIndex));
                _toEpilog(deviceType, deviceIndex, non_blocking);
                return this;
            }

            /// <summary>Moves and converts, here and below.</summary>
            protected internal virtual Module _to(Device device, ScalarType dtype, bool non_blocking)
            {
                CheckFloating(dtype);
                InitializeDevice(device);
                _toEpilog(device, dtype, non_blocking);
                return this;
            }

            /// <summary>Moves and converts to where and what a tensor is.</summary>
            public Module _to(Tensor other, bool non_blocking) => _to(other.device, other.dtype, non_blocking);

            /// <summary>Converts; see <see cref="_toEpilog(ScalarType?, Device, bool)"/>.</summary>
            protected void _toEpilog(ScalarType dtype, bool non_blocking) => _toEpilog(dtype, null, non_blocking);

            /// <summary>Moves and converts; see <see cref="_toEpilog(ScalarType?, Device, bool)"/>.</summary>
            protected void _toEpilog(Device device, ScalarType dtype, bool non_blocking) => _toEpilog((ScalarType?)dtype, device, non_blocking);

            /// <summary>Moves; see <see cref="_toEpilog(ScalarType?, Device, bool)"/>.</summary>
            protected void _toEpilog(DeviceType deviceType, int deviceIndex, bool non_blocking) =>
                _toEpilog(null, new Device(deviceType, deviceIndex), non_blocking);

            /// <summary>
            /// Moves and converts the modules below, then this one's own tensors. Their objects stay, so that fields and
            /// optimisers keep them; only what they hold changes. Override it to move more.
            /// </summary>
            protected virtual void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
            {
                foreach (var child in children())
                {
                    if (device is null) child._to(dtype ?? throw new ArgumentNullException(nameof(dtype), "Neither a type nor a device is given"), non_blocking);
                    else if (dtype is null) child._to(device.type, device.index, non_blocking);
                    else child._to(device, dtype.Value, non_blocking);
                }
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                foreach (var tensor in _internal_params.Values.Concat(_internal_buffers.Values.Select(buffer => buffer.Item1)))
                    Move(tensor, dtype is { } wanted && IsFloating(tensor.dtype) ? wanted : tensor.dtype, device ?? tensor.device, non_blocking);
                if (device is null) return;
                _deviceType = device.type;
                _deviceIndex = device.type == DeviceType.CPU ? -1 : device.index;
            }

            /// <summary>The default type and device, for what is not given.</summary>
            protected static (Device device, ScalarType dtype) GetDefaultDeviceAndType(Device? device = null, ScalarType? dtype = null) =>
                (device ?? CPU, dtype ?? get_default_dtype());

            private static void Move(Tensor tensor, ScalarType type, Device device, bool nonBlocking)
            {
                var gradient = tensor is Parameter ? tensor.grad : null;
                tensor.grad = null;
                var moved = tensor.to(type, device, non_blocking: nonBlocking);
                Native.Check(Native.rk_tensor_set_data(tensor.Handle, moved.Handle), "moving a module");
                if (gradient is not null) tensor.grad = gradient.to(type, device, non_blocking: nonBlocking);
            }

            private static void CheckFloating(ScalarType type)
            {
                if (!IsFloating(type))
                    throw new ArgumentException($"A module's parameters can only become floating-point numbers, not {type}", nameof(type));
            }

            private static bool IsFloating(ScalarType type) =>
                type is ScalarType.Float16 or ScalarType.Float32 or ScalarType.Float64 or ScalarType.BFloat16;
        }
    }
}

/// <summary>Moving and converting modules.</summary>
public static class ModuleExtensionMethods
{
    /// <summary>Converts the parameters and floating-point buffers in place.</summary>
    public static T to<T>(this T module, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module =>
        (T)module._to(type, non_blocking);

    /// <summary>Moves and converts in place.</summary>
    public static T to<T>(this T module, torch.Device device, torch.ScalarType type, bool non_blocking = false) where T : torch.nn.Module =>
        (T)module._to(device, type, non_blocking);

    /// <summary>Moves parameters and buffers in place.</summary>
    public static T to<T>(this T module, DeviceType deviceType, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module =>
        (T)module._to(deviceType, deviceIndex, non_blocking);

    /// <summary>Moves parameters and buffers in place.</summary>
    public static T to<T>(this T module, torch.Device device, bool non_blocking = false) where T : torch.nn.Module =>
        (T)module._to(device.type, device.index, non_blocking);

    /// <summary>Moves parameters and buffers in place.</summary>
    public static T to<T>(this T module, string device, bool non_blocking = false) where T : torch.nn.Module =>
        module.to(new torch.Device(device), non_blocking);

    /// <summary>Moves parameters and buffers to the processor.</summary>
    public static T cpu<T>(this T module, bool non_blocking = false) where T : torch.nn.Module =>
        (T)module._to(DeviceType.CPU, -1, non_blocking);

    /// <summary>Moves parameters and buffers to a GPU.</summary>
    public static T cuda<T>(this T module, int deviceIndex = -1, bool non_blocking = false) where T : torch.nn.Module =>
        (T)module._to(DeviceType.CUDA, deviceIndex, non_blocking);
}
