namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>In the type and on the device of another tensor.</summary>
        public Tensor to(Tensor other, bool non_blocking = false)
        {
            ArgumentNullException.ThrowIfNull(other);
            return to(other.dtype, other.device, false, false, non_blocking);
        }

        /// <summary>On a device; a copy where it lies elsewhere or where asked for.</summary>
        public Tensor to(string device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(new Device(device), copy, disposeAfter, non_blocking);

        /// <summary>On a device; a copy where it lies elsewhere or where asked for.</summary>
        public Tensor to(Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            Moved(Ops.to_dtype_layout(this, null, null, InitializeDevice(device), null, non_blocking, copy), disposeAfter);

        /// <summary>In a type; a copy where it has another or where asked for.</summary>
        public Tensor to(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            Moved(Ops.to_dtype(this, type, non_blocking, copy), disposeAfter);

        /// <summary>In a type and on a device; a copy where needed or asked for.</summary>
        public Tensor to(ScalarType type, Device device, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            Moved(Ops.to_device(this, InitializeDevice(device), type, non_blocking, copy), disposeAfter);

        /// <summary>On a device; a copy where it lies elsewhere or where asked for.</summary>
        public Tensor to(DeviceType deviceType, int deviceIndex = -1, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(new Device(deviceType, deviceIndex), copy, disposeAfter, non_blocking);

        /// <summary>In a type; a copy where it has another or where asked for.</summary>
        public Tensor to_type(ScalarType type, bool copy = false, bool disposeAfter = false, bool non_blocking = false) =>
            to(type, copy, disposeAfter, non_blocking);

        /// <summary>In the type of another tensor.</summary>
        public Tensor type_as(Tensor tensor) => Ops.type_as(this, tensor);

        /// <summary>On the processor.</summary>
        public Tensor cpu() => to(CPU);

        /// <summary>On a GPU.</summary>
        public Tensor cuda(Device? device = null, bool non_blocking = false) =>
            to(device ?? new Device(DeviceType.CUDA), false, false, non_blocking);

        /// <summary>In half precision.</summary>
        public Tensor half() => to(ScalarType.Float16);

        /// <summary>In bfloat16.</summary>
        public Tensor bfloat16() => to(ScalarType.BFloat16);

        private Tensor Moved(Tensor result, bool disposeAfter)
        {
            if (disposeAfter) Dispose();
            return result;
        }
    }
}
