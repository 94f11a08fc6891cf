using System.Globalization;

namespace RewardKit.Torch;

/// <summary>What is wrong with an environment, and what to do about it.</summary>
public static class Findings
{
    private const string Setup = "`dotnet fsi build.fsx setup`";

    /// <summary>All that is wrong, what is broken first.</summary>
    public static IReadOnlyList<Finding> Of(TorchEnvironment environment) =>
        [.. Library(environment).Concat(Gpus(environment)).Concat(Speed(environment)).OrderBy(finding => !finding.Broken)];

    private static IEnumerable<Finding> Library(TorchEnvironment environment)
    {
        if (environment.Problem is { } problem) yield return new(true, problem, $"{Setup} finds or installs libtorch and builds the native part over it.");
        if (environment.ThreadsProblem is { } threads) yield return new(true, threads, "Unset OMP_NUM_THREADS, or set it to the number of cores.");
        foreach (var failed in environment.Computations.Where(computation => computation.Error is not null))
            yield return new(true, $"{failed.What} on {failed.Device}: {failed.Error}",
                $"This libtorch does not compute rightly here. Install another, and build over it: LIBTORCH=FOLDER {Setup[1..^1]}");
    }

    private static IEnumerable<Finding> Gpus(TorchEnvironment environment)
    {
        if (environment.DriverProblem is { } problem)
        {
            yield return new(environment.HasGpu, $"The GPU's driver is there, but cannot be used: {problem}.",
                "Compare with `nvidia-smi`. In a container, start it with --gpus all; after an update of the driver, restart the machine; "
                + "see whether CUDA_VISIBLE_DEVICES hides the GPUs.");
            yield break;
        }
        // Nothing more is known of a libtorch that cannot be loaded.
        if (environment.Torch is null) yield break;
        if (environment.TorchCuda is null && environment.HasGpu)
            yield return new(true, "There is a GPU, but this libtorch was built without CUDA: everything is computed on the processor.",
                $"Install PyTorch with CUDA in the active Python, or name a libtorch with CUDA: LIBTORCH=FOLDER {Setup[1..^1]}");
        if (environment.TorchCuda is not { } wanted || environment.TorchGpus > 0) yield break;
        if (environment.Gpus.Count == 0)
            yield return new(environment.HasGpu, environment.HasGpu
                    ? $"There is a GPU, but no usable driver for it; libtorch was built for CUDA {wanted}."
                    : $"libtorch was built for CUDA {wanted}, but there is neither a GPU nor a driver: everything is computed on the processor.",
                environment.HasGpu ? "Install NVIDIA's driver; in a container, start it with --gpus all." : "Nothing to do, unless this machine should have one.");
        else if (environment.DriverCuda is { } has && Number(has) < Math.Floor(Number(wanted)))
            yield return new(true, $"The driver {environment.Driver} runs programs up to CUDA {has}, but libtorch was built for CUDA {wanted}.",
                $"Update the driver, or install a PyTorch for CUDA {has} and type {Setup}.");
        else
            yield return new(true, $"The driver offers {environment.Gpus.Count} GPU(s), but libtorch can use none.",
                "Ask PyTorch for the reason: python3 -c 'import torch; torch.zeros(1).cuda()'");
    }

    private static IEnumerable<Finding> Speed(TorchEnvironment environment)
    {
        if (environment.Blas == "reference BLAS")
            yield return new(false, $"Matrices are multiplied by the reference BLAS ({environment.BlasFile}), some ten times slower than OpenBLAS.",
                "sudo apt-get install -y libopenblas0-pthread");
        if (environment is { Threads: 1, Processors: > 1 })
            yield return new(false, $"Operators use one thread; this process may use {environment.Processors} processors.",
                environment.Variables.ContainsKey("OMP_NUM_THREADS") ? "Unset OMP_NUM_THREADS, or set it to the number of cores." : "Set OMP_NUM_THREADS to the number of cores.");
        if (environment.Threads > environment.Processors)
            yield return new(false, $"Operators use {environment.Threads} threads; this process may use {environment.Processors} processors.",
                "Unset OMP_NUM_THREADS, or set it to the number of cores.");
        if (environment.Variables.TryGetValue("OMP_WAIT_POLICY", out var policy) && policy.Equals("active", StringComparison.OrdinalIgnoreCase))
            yield return new(false, "OMP_WAIT_POLICY is active: idle threads spin, which on a busy machine is many times slower.",
                "Unset OMP_WAIT_POLICY, or set it to passive.");
        if (environment.OpenMpFiles.Count > 1)
            yield return new(false, $"{environment.OpenMpFiles.Count} OpenMP runtimes are loaded, each with threads of its own: {string.Join(", ", environment.OpenMpFiles)}.",
                $"{Setup} links the native part to the one that libtorch brings along.");
    }

    private static double Number(string version) => double.TryParse(version, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;
}
