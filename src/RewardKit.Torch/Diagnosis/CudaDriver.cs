using System.Globalization;
using System.Runtime.InteropServices;

namespace RewardKit.Torch;

/// <summary>What NVIDIA's driver says of itself and its GPUs, asked without libtorch, which may be built without CUDA.</summary>
internal static unsafe class CudaDriver
{
    private const int CapabilityMajor = 75, CapabilityMinor = 76, NoDevice = 100;

    /// <summary>Whether the machine shows an NVIDIA GPU to this process, as a device file or, under WSL, through Windows.</summary>
    public static bool HasGpu =>
        (Directory.Exists("/dev") && Directory.EnumerateFiles("/dev", "nvidia*").Any(file => char.IsAsciiDigit(file[^1])))
        || (File.Exists("/dev/dxg") && File.Exists("/usr/lib/wsl/lib/libcuda.so.1"));

    /// <summary>Adds what the driver says, if there is one.</summary>
    public static TorchEnvironment Describe(TorchEnvironment environment)
    {
        environment = environment with { HasGpu = HasGpu };
        if (!NativeLibrary.TryLoad("libcuda.so.1", out var driver)) return environment;
        var status = Call(driver, "cuInit", 0);
        int number = 0, count = 0;
        if (NativeLibrary.TryGetExport(driver, "cuDriverGetVersion", out var version)) ((delegate* unmanaged<int*, int>)version)(&number);
        environment = environment with
        {
            Driver = Version(),
            DriverCuda = number == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{number / 1000}.{number % 1000 / 10}"),
        };
        if (status == NoDevice && !environment.HasGpu) return environment;
        if (status != 0) return environment with { DriverProblem = Reason(driver, status) };
        if (NativeLibrary.TryGetExport(driver, "cuDeviceGetCount", out var counting)) ((delegate* unmanaged<int*, int>)counting)(&count);
        return environment with { Gpus = [.. Enumerable.Range(0, count).Select(index => Describe(driver, index))] };
    }

    private static Gpu Describe(nint driver, int index)
    {
        int device, major, minor;
        nuint memory;
        var name = stackalloc byte[256];
        ((delegate* unmanaged<int*, int, int>)NativeLibrary.GetExport(driver, "cuDeviceGet"))(&device, index);
        ((delegate* unmanaged<byte*, int, int, int>)NativeLibrary.GetExport(driver, "cuDeviceGetName"))(name, 256, device);
        ((delegate* unmanaged<nuint*, int, int>)NativeLibrary.GetExport(driver, "cuDeviceTotalMem_v2"))(&memory, device);
        var attribute = (delegate* unmanaged<int*, int, int, int>)NativeLibrary.GetExport(driver, "cuDeviceGetAttribute");
        attribute(&major, CapabilityMajor, device);
        attribute(&minor, CapabilityMinor, device);
        return new(Marshal.PtrToStringUTF8((nint)name)!, string.Create(CultureInfo.InvariantCulture, $"{major}.{minor}"), (long)memory, null);
    }

    private static string Reason(nint driver, int status)
    {
        byte* text = null;
        if (NativeLibrary.TryGetExport(driver, "cuGetErrorString", out var describe)) ((delegate* unmanaged<int, byte**, int>)describe)(status, &text);
        return string.Create(CultureInfo.InvariantCulture, $"{Marshal.PtrToStringUTF8((nint)text) ?? "unknown error"} (CUDA error {status})");
    }

    // The management library knows the version; where it is missing, the kernel module does.
    private static string? Version()
    {
        if (NativeLibrary.TryLoad("libnvidia-ml.so.1", out var management) && Call(management, "nvmlInit_v2") == 0)
        {
            var text = stackalloc byte[81];
            if (((delegate* unmanaged<byte*, uint, int>)NativeLibrary.GetExport(management, "nvmlSystemGetDriverVersion"))(text, 81) == 0)
                return Marshal.PtrToStringUTF8((nint)text);
        }
        const string module = "/proc/driver/nvidia/version";
        return !File.Exists(module) ? null : File.ReadLines(module).First().Split(' ')
            .FirstOrDefault(word => word.Contains('.') && word.All(c => char.IsAsciiDigit(c) || c == '.'));
    }

    private static int Call(nint library, string function, uint argument) => ((delegate* unmanaged<uint, int>)NativeLibrary.GetExport(library, function))(argument);

    private static int Call(nint library, string function) => ((delegate* unmanaged<int>)NativeLibrary.GetExport(library, function))();
}
