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

            /// <summary>Converts the parameters and floating-point buffers, here and below.</summary>
            protected internal virtual Module _to(ScalarType dtype, bool non_blocking) => Move(dtype, null, non_blocking);

            /// <summary>Moves parameters and buffers, here and below.</summary>
            protected internal virtual Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking) =>
                Move(null, new Device(deviceType, deviceIndex), non_blocking);

            /// <summary>Moves and converts, here and below.</summary>
            protected internal virtual Module _to(Device device, ScalarType dtype, bool non_blocking) => Move(dtype, device, non_blocking);

            /// <summary>
            /// The tensor objects stay, so that fields and optimisers keep them; only what they hold changes.
            /// </summary>
            private Module Move(ScalarType? dtype, Device? device, bool nonBlocking)
            {
                if (device is not null) InitializeDevice(device);
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                foreach (var tensor in parameters().Concat(buffers()))
                {
                    var type = dtype is { } wanted && IsFloating(tensor.dtype) ? wanted : tensor.dtype;
                    var place = device ?? tensor.device;
                    var gradient = tensor is Parameter ? tensor.grad : null;
                    tensor.grad = null;
                    var moved = tensor.to(type, place, non_blocking: nonBlocking);
                    Native.Check(Native.rk_tensor_set_data(tensor.Handle, moved.Handle), "moving a module");
                    if (gradient is not null) tensor.grad = gradient.to(type, place, non_blocking: nonBlocking);
                }
                return this;
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
