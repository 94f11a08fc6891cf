using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>What the shim runs on.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library)] private static partial byte* rk_loaded_torch_version();
    [LibraryImport(Library)] private static partial nint rk_torch_config();
    [LibraryImport(Library)] private static partial byte* rk_cpu_kernels();

    /// <summary>The version of libtorch that is loaded; empty if it hides it.</summary>
    public static string LoadedTorchVersion => Marshal.PtrToStringUTF8((nint)rk_loaded_torch_version())!;

    /// <summary>libtorch's own account of how it was built and what it found.</summary>
    public static string TorchConfig => TakeText(rk_torch_config(), "asking libtorch for its configuration");

    /// <summary>The instruction set of the layer's own CPU kernels on this processor.</summary>
    public static string CpuKernels => Marshal.PtrToStringUTF8((nint)rk_cpu_kernels())!;
}
