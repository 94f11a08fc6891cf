using System.Globalization;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>How much memory is in use and left, in bytes, and giving back what is kept for later.</summary>
/// <remarks>
/// On CUDA the numbers are those of libtorch's caching allocator. On the CPU, where libtorch takes its memory from malloc and
/// keeps no count, they are the resident memory of the process, managed heap included.
/// </remarks>
public static class Memory
{
    /// <summary>What a device holds for this process, in bytes.</summary>
    /// <param name="Allocated">In use by tensors; on the CPU the resident memory of the process.</param>
    /// <param name="Reserved">Taken from the device, with what the allocator keeps for later; on the CPU as Allocated.</param>
    /// <param name="PeakAllocated">The most that was allocated since the start or <see cref="ResetPeak"/>.</param>
    /// <param name="PeakReserved">The most that was reserved since.</param>
    public readonly record struct Usage(long Allocated, long Reserved, long PeakAllocated, long PeakReserved);

    /// <summary>What is in use.</summary>
    /// <param name="device">The processor where null.</param>
    public static unsafe Usage Stats(Device? device = null)
    {
        if (!OnCuda(device))
        {
            var (now, peak) = (ProcFigure("/proc/self/status", "VmRSS"), ProcFigure("/proc/self/status", "VmHWM"));
            // The kernel counts the two at slightly different times.
            peak = Math.Max(now, peak);
            return new Usage(now, now, peak, peak);
        }
#if TORCH_PACKAGE
        throw Provider.Lacks("Memory statistics of a CUDA device");
#else
        var bytes = stackalloc long[4];
        Native.Check(Native.rk_cuda_memory_stats(Index(device!), bytes), $"reading the memory statistics of {device}");
        return new Usage(bytes[0], bytes[1], bytes[2], bytes[3]);
#endif
    }

    /// <summary>Lets the peaks start again from what is in use now.</summary>
    public static void ResetPeak(Device? device = null)
    {
        if (!OnCuda(device))
        {
            // proc(5): 5 resets the peak resident set size.
            File.WriteAllText("/proc/self/clear_refs", "5");
            return;
        }
#if TORCH_PACKAGE
        throw Provider.Lacks("Resetting the peaks of a CUDA device");
#else
        Native.Check(Native.rk_cuda_memory_reset_peak(Index(device!)), $"resetting the memory peaks of {device}");
#endif
    }

    /// <summary>
    /// Gives back to the system what no tensor uses: the caches of all CUDA devices, and on the CPU what malloc keeps.
    /// </summary>
    public static unsafe void ReleaseCache()
    {
        // Only glibc keeps that much, and only glibc has this.
        if (NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "malloc_trim", out var trim))
            ((delegate* unmanaged<nuint, int>)trim)(0);
#if !TORCH_PACKAGE
        if (cuda.is_available()) Native.Check(Native.rk_cuda_memory_release(), "releasing the CUDA memory cache");
#endif
    }

    /// <summary>Bytes that can still be had; on the CPU what the kernel estimates without swapping.</summary>
    public static long FreeMemory(Device? device = null) => OnCuda(device) ? CudaInfo(device!).Free : Math.Min(ProcFigure("/proc/meminfo", "MemAvailable"), TotalMemory());

    /// <summary>Bytes that the device has; on the CPU what the process may use of the machine's.</summary>
    public static long TotalMemory(Device? device = null) => OnCuda(device) ? CudaInfo(device!).Total : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    private static unsafe (long Free, long Total) CudaInfo(Device device)
    {
#if TORCH_PACKAGE
        throw Provider.Lacks("Memory of a CUDA device");
#else
        long free, total;
        Native.Check(Native.rk_cuda_memory_info(Index(device), &free, &total), $"asking {device} for its memory");
        return (free, total);
#endif
    }

    private static bool OnCuda(Device? device)
    {
        if (device is null || device.type == DeviceType.CPU) return false;
        if (device.type != DeviceType.CUDA) throw new NotSupportedException($"Memory statistics are offered for CPU and CUDA, not for {device}");
        InitializeDevice(device);
        return true;
    }

#if !TORCH_PACKAGE
    private static int Index(Device device)
    {
        var count = cuda.device_count();
        return device.index < count
            ? Math.Max(0, device.index)
            : throw new ArgumentException($"There is no device {device}; this machine has {count}", nameof(device));
    }
#endif

    /// <summary>A line such as <c>VmRSS:    1234 kB</c>, in bytes.</summary>
    private static long ProcFigure(string file, string name)
    {
        if (!OperatingSystem.IsLinux()) throw new PlatformNotSupportedException("Memory statistics of the processor are read from /proc, on Linux only");
        var line = File.ReadLines(file).First(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
