namespace TorchSharp;

public static partial class torch
{
    /// <summary>The version of libtorch, such as <c>1.13.1</c>.</summary>
    public static string __version__ => Native.TorchVersion;

    /// <summary>The type of floating-point tensors where none is named; Float32 at first.</summary>
    public static ScalarType get_default_dtype() => (ScalarType)Native.rk_default_dtype();

    /// <summary>Sets the type of floating-point tensors where none is named.</summary>
    public static void set_default_dtype(ScalarType dtype) => Native.Check(Native.rk_set_default_dtype((int)dtype), "set_default_dtype");

    /// <summary>How many threads an operator may use.</summary>
    public static int get_num_threads() => Native.rk_threads();

    /// <summary>Sets how many threads an operator may use.</summary>
    public static void set_num_threads(int num)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(num);
        Native.rk_set_threads(num);
    }

    /// <summary>Random numbers.</summary>
    public static class random
    {
        /// <summary>The state of the default generator, bytes <c>[n]</c>.</summary>
        public static Tensor get_rng_state()
        {
            using var generator = Generator.Default;
            return generator.get_state();
        }

        /// <summary>Takes over a state that <see cref="get_rng_state"/> gave.</summary>
        public static void set_rng_state(Tensor new_state)
        {
            using var generator = Generator.Default;
            generator.set_state(new_state);
        }

        /// <summary>The seed that the default generator started from.</summary>
        public static long initial_seed()
        {
            using var generator = Generator.Default;
            return generator.initial_seed();
        }

        /// <summary>Seeds the default generators of all devices from the system, and returns the seed.</summary>
        public static long seed()
        {
            using var generator = Generator.Default;
            var seed = generator.seed();
            Native.Check(Native.rk_manual_seed((ulong)seed), "seed");
            return seed;
        }

        /// <summary>Seeds the default generators of all devices, and returns that of the processor.</summary>
        public static Generator manual_seed(long seed)
        {
            Native.Check(Native.rk_manual_seed((ulong)seed), "manual_seed");
            return Generator.Default;
        }
    }

    /// <summary>CUDA devices; without any, the questions are answered and the rest is refused.</summary>
    public static class cuda
    {
        /// <summary>How many there are.</summary>
        public static int device_count() => Native.rk_cuda_device_count();

        /// <summary>Whether there is one.</summary>
        public static bool is_available() => device_count() > 0;

        /// <summary>Whether cuDNN can be used.</summary>
        public static bool is_cudnn_available() => Native.rk_cudnn_is_available() != 0;

        /// <summary>Seeds the generator of the current device.</summary>
        public static void manual_seed(long seed) => Native.Check(Native.rk_cuda_manual_seed((ulong)seed, 0), "cuda.manual_seed");

        /// <summary>Seeds the generators of all devices.</summary>
        public static void manual_seed_all(long seed) => Native.Check(Native.rk_cuda_manual_seed((ulong)seed, 1), "cuda.manual_seed_all");

        /// <summary>Waits until a device has done everything asked of it.</summary>
        public static void synchronize(Device? device = null) => Native.Check(Native.rk_cuda_synchronize(device?.index ?? -1), "cuda.synchronize");
    }
}
