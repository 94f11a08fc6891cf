using System.Collections;
using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>Reads the environment of this process.</summary>
public static class EnvironmentReader
{
    /// <summary>
    /// What can be said without touching libtorch. Where a broken libtorch may take the process down, this is what is left.
    /// </summary>
    public static TorchEnvironment WithoutTorch()
    {
        var environment = new TorchEnvironment
        {
#if TORCH_PACKAGE
            Provider = "package",
#else
            Provider = "system",
#endif
            DotNet = Environment.Version.ToString(),
            Processors = Environment.ProcessorCount,
            Processor = !File.Exists("/proc/cpuinfo") ? null : File.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ", 2)[1],
            Variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .Where(variable => (string)variable.Key is var name
                    && (name.StartsWith("OMP_", StringComparison.Ordinal) || name is "MKL_NUM_THREADS" or "OPENBLAS_NUM_THREADS"
                        or "CUDA_VISIBLE_DEVICES" or "LD_LIBRARY_PATH" or "LD_PRELOAD" or "REWARDKIT_TORCH_LIBRARY"))
                .ToDictionary(variable => (string)variable.Key, variable => (string)variable.Value!),
            Memory = Memory.TotalMemory(),
            FreeMemory = Memory.FreeMemory(),
        };
#if !TORCH_PACKAGE
        try
        {
            environment = environment with { NativePart = NativeLibraryLocator.Find() };
        }
        catch (DllNotFoundException e)
        {
            environment = environment with { Problem = e.Message };
        }
#endif
        return environment;
    }

    /// <summary>Everything. Loads libtorch and computes a little on every device.</summary>
    public static TorchEnvironment Read()
    {
        var environment = CudaDriver.Describe(WithoutTorch());
        if (environment.Problem is not null) return environment;
        try
        {
            environment = environment with { Torch = __version__, TorchGpus = cuda.device_count() };
            ThreadCount.Set();
        }
        catch (FormatException e)
        {
            environment = environment with { ThreadsProblem = e.Message };
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException or TypeInitializationException)
        {
            return environment with { Problem = (e is TypeInitializationException { InnerException: { } inner } ? inner : e).Message };
        }
        var devices = Enumerable.Range(0, environment.TorchGpus).Select(index => new Device(DeviceType.CUDA, index)).Prepend(CPU).ToArray();
        return Libraries(environment) with
        {
            Threads = get_num_threads(),
            Gpus = [.. environment.Gpus.Select((gpu, index) => gpu with { FreeMemory = FreeMemory(index) })],
            Attention = AttentionKernels(environment.TorchGpus > 0),
            Computations = [.. devices.SelectMany(Sanity.Check)],
        };

        long? FreeMemory(int index)
        {
#if TORCH_PACKAGE
            return null;
#else
            return index < environment.TorchGpus ? Memory.FreeMemory(devices[index + 1]) : null;
#endif
        }
    }

    private static TorchEnvironment Libraries(TorchEnvironment environment)
    {
        var loaded = new LoadedLibraries();
#if TORCH_PACKAGE
        var config = "";
#else
        var config = Native.TorchConfig;
        environment = environment with
        {
            BuiltFor = Native.TorchVersion,
            Torch = Native.LoadedTorchVersion is { Length: > 0 } version ? version : Native.TorchVersion,
            OwnKernels = Native.CpuKernels,
        };
#endif
        var blas = loaded.Blas(config);
        const string kernels = "CPU capability usage: ";
        return environment with
        {
            TorchFile = loaded.Named("libtorch_cpu").FirstOrDefault(),
            TorchCuda = LoadedLibraries.ConfigValue(config, "CUDA_VERSION") ?? (loaded.Named("libtorch_cuda").Any() ? "of an unknown version" : null),
            Blas = blas.Name,
            BlasFile = blas.File,
            OpenMpFiles = [.. loaded.Named("libgomp").Concat(loaded.Named("libiomp5")).Concat(loaded.Named("libomp."))],
            TorchKernels = config.Split('\n').FirstOrDefault(line => line.Contains(kernels, StringComparison.Ordinal))?.Split(kernels)[1].Trim(),
        };
    }

    private static Dictionary<string, string> AttentionKernels(bool gpu)
    {
#if TORCH_PACKAGE
        return [];
#else
        var kernels = new Dictionary<string, string> { ["cpu"] = "tiled, exact, never a whole score matrix (the layer's own kernel)" };
        if (gpu) kernels["cuda"] = CudaAttention();
        return kernels;
#endif
    }

#if !TORCH_PACKAGE
    /// <summary>What libtorch would take for causal attention in bfloat16 with heads of 64.</summary>
    private static string CudaAttention()
    {
        const string choice = "aten::_fused_sdp_choice";
        if (!Operator.Exists(choice)) return $"no fused kernel in libtorch {__version__}";
        using var scope = NewDisposeScope();
        var q = zeros([1, 8, 1024, 64], ScalarType.BFloat16, CUDA);
        return Operator.Call<long>(choice, q, q, q, null, 0.0, true) switch
        {
            0 => "math: no fused kernel for this GPU",
            1 => "flash",
            2 => "memory-efficient",
            3 => "cuDNN's flash",
            var other => string.Create(CultureInfo.InvariantCulture, $"kernel {other}"),
        };
    }
#endif
}
