namespace RewardKit.Torch;

/// <summary>
/// What the torch layer stands on in this process: libtorch, native part, processor, GPUs. Plain data, so that it can be
/// written as JSON; <see cref="Findings"/> says what is wrong with it.
/// </summary>
public sealed record TorchEnvironment
{
    /// <summary><c>system</c>, or <c>package</c> for the TorchSharp package.</summary>
    public required string Provider { get; init; }

    /// <summary>Why the native part cannot be used, with what to do about it; null if it can.</summary>
    public string? Problem { get; init; }

    /// <summary>The file of the native part; null if there is none, or if the TorchSharp package brings its own.</summary>
    public string? NativePart { get; init; }

    /// <summary>The version of libtorch that the native part was built for.</summary>
    public string? BuiltFor { get; init; }

    /// <summary>The version of libtorch that is loaded.</summary>
    public string? Torch { get; init; }

    /// <summary>The file of libtorch that is loaded.</summary>
    public string? TorchFile { get; init; }

    /// <summary>The CUDA version that libtorch was built for; null for a build without.</summary>
    public string? TorchCuda { get; init; }

    /// <summary>What multiplies matrices: OpenBLAS, MKL, reference BLAS or another.</summary>
    public string? Blas { get; init; }

    /// <summary>The file it is in; libtorch's own where it is built in.</summary>
    public string? BlasFile { get; init; }

    /// <summary>The files of the OpenMP runtimes that are loaded.</summary>
    public IReadOnlyList<string> OpenMpFiles { get; init; } = [];

    /// <summary>Why the wish for a number of threads cannot be met; null if it can.</summary>
    public string? ThreadsProblem { get; init; }

    /// <summary>How many threads an operator may use.</summary>
    public int? Threads { get; init; }

    /// <summary>How many processors this process may use.</summary>
    public int Processors { get; init; }

    /// <summary>The processor's name.</summary>
    public string? Processor { get; init; }

    /// <summary>The instruction set that libtorch's kernels use, such as AVX2.</summary>
    public string? TorchKernels { get; init; }

    /// <summary>The instruction set that the layer's own kernels use.</summary>
    public string? OwnKernels { get; init; }

    /// <summary>The environment variables that change any of this, where they are set.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Memory that the process may use, in bytes.</summary>
    public long Memory { get; init; }

    /// <summary>What of it is free, in bytes.</summary>
    public long FreeMemory { get; init; }

    /// <summary>Whether the machine has an NVIDIA GPU, be its driver usable or not.</summary>
    public bool HasGpu { get; init; }

    /// <summary>The version of the GPU driver.</summary>
    public string? Driver { get; init; }

    /// <summary>The newest CUDA version that the driver can run.</summary>
    public string? DriverCuda { get; init; }

    /// <summary>Why the driver cannot be used; null if it can, or if there is none.</summary>
    public string? DriverProblem { get; init; }

    /// <summary>The GPUs that the driver offers.</summary>
    public IReadOnlyList<Gpu> Gpus { get; init; } = [];

    /// <summary>How many GPUs libtorch can use.</summary>
    public int TorchGpus { get; init; }

    /// <summary>How attention is computed, for each kind of device there is.</summary>
    public IReadOnlyDictionary<string, string> Attention { get; init; } = new Dictionary<string, string>();

    /// <summary>The version of .NET.</summary>
    public required string DotNet { get; init; }

    /// <summary>Small computations with known results, on every device.</summary>
    public IReadOnlyList<Computation> Computations { get; init; } = [];
}

/// <summary>A GPU.</summary>
/// <param name="Name">Such as <c>NVIDIA H200</c>.</param>
/// <param name="Capability">Its compute capability, such as <c>9.0</c>.</param>
/// <param name="Memory">In bytes.</param>
/// <param name="FreeMemory">In bytes; null where libtorch cannot use the GPU.</param>
public sealed record Gpu(string Name, string Capability, long Memory, long? FreeMemory);

/// <summary>A computation with a known result.</summary>
/// <param name="Device">Where, such as <c>cuda:0</c>.</param>
/// <param name="What">What is computed.</param>
/// <param name="Error">What was wrong; null if nothing was.</param>
public sealed record Computation(string Device, string What, string? Error);

/// <summary>Something that is wrong with the environment.</summary>
/// <param name="Broken">Whether something does not work; else all works, but perhaps not as fast as it could.</param>
/// <param name="What">What is wrong.</param>
/// <param name="Fix">What to do about it.</param>
public sealed record Finding(bool Broken, string What, string Fix);
