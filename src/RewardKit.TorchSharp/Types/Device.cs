using System.Globalization;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Where a tensor lies: a kind of device and an index.</summary>
    public class Device
    {
        private static readonly Device?[] s_cuda = new Device?[16];

        /// <summary>The kind of device.</summary>
        public DeviceType type { get; }

        /// <summary>Which device of its kind, from 0; -1 is the current one.</summary>
        public int index { get; } = -1;

        /// <summary>Reads <c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>.</summary>
        /// <exception cref="ArgumentException">The text is none of these.</exception>
        public Device(string description)
        {
            var colon = description.IndexOf(':');
            type = ParseType(colon < 0 ? description : description[..colon], description);
            if (colon < 0) return;
            if (!int.TryParse(description.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                throw Unknown(description);
            index = number;
        }

        /// <summary>A device by the name of its kind.</summary>
        public Device(string deviceType, int index = -1)
        {
            type = ParseType(deviceType, deviceType);
            this.index = index;
        }

        /// <summary>A device by its kind.</summary>
        public Device(DeviceType deviceType, int index = -1)
        {
            type = deviceType;
            this.index = index;
        }

        /// <summary>The CUDA device with this index.</summary>
        public Device(int index)
        {
            type = DeviceType.CUDA;
            this.index = index;
        }

        /// <summary>The device of a tensor, one object for each; asking allocates nothing.</summary>
        internal static Device Of(DeviceType type, int index)
        {
            if (type == DeviceType.CPU) return CPU;
            return type == DeviceType.CUDA && index >= 0 && index < s_cuda.Length ? s_cuda[index] ??= new Device(index) : new Device(type, index);
        }

        /// <summary><c>cpu</c>, <c>cuda</c> or <c>cuda:1</c>.</summary>
        public override string ToString()
        {
            if (type == DeviceType.CPU) return "cpu";
            var name = type.ToString().ToLowerInvariant();
            return index < 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}:{index}");
        }

        /// <summary>Reads a description, as the constructor does.</summary>
        public static implicit operator Device(string description) => new(description);

        private static DeviceType ParseType(string name, string description) =>
            Enum.TryParse<DeviceType>(name, ignoreCase: true, out var type) && !char.IsAsciiDigit(name[0])
                ? type
                : throw Unknown(description);

        private static ArgumentException Unknown(string description) =>
            new($"'{description}' is not a device; write cpu, cuda or cuda:0");
    }

    /// <summary>The processor.</summary>
    public static readonly Device CPU = new(DeviceType.CPU);

    /// <summary>The current CUDA device.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static Device CUDA => InitializeDevice(new Device(DeviceType.CUDA));

    /// <summary>A device by its description.</summary>
    public static Device device(string description) => InitializeDevice(new Device(description));

    /// <summary>A device by the name of its kind.</summary>
    public static Device device(string deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    /// <summary>A device by its kind.</summary>
    public static Device device(DeviceType deviceType, int index = -1) => InitializeDevice(new Device(deviceType, index));

    /// <summary>The CUDA device with this index.</summary>
    public static Device device(int index) => InitializeDevice(new Device(index));

    /// <summary>The device, or the processor for null, once it is known to be usable.</summary>
    public static Device InitializeDevice(Device? device)
    {
        device ??= CPU;
        InitializeDeviceType(device.type);
        return device;
    }

    /// <summary>Checks that devices of this kind can be used.</summary>
    /// <exception cref="InvalidOperationException">They cannot.</exception>
    public static void InitializeDeviceType(DeviceType deviceType)
    {
        if (!TryInitializeDeviceType(deviceType))
            throw new InvalidOperationException($"There is no usable {deviceType} device: libtorch {Native.TorchVersion} was built without it, or the machine has none.");
    }

    /// <summary>Whether devices of this kind can be used.</summary>
    public static bool TryInitializeDeviceType(DeviceType deviceType) =>
        deviceType is DeviceType.CPU or DeviceType.META || (deviceType == DeviceType.CUDA && cuda.is_available());

    /// <summary>Whether there is a usable CUDA device.</summary>
    public static bool cuda_is_available() => cuda.is_available();
}
