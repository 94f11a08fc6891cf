namespace TorchSharp;

public static partial class torch
{
    /// <summary>A source of random numbers on a device.</summary>
    public unsafe class Generator : IDisposable
    {
        private nint _handle;

        /// <summary>A generator of its own, apart from the default one.</summary>
        public Generator(ulong seed = 0, Device? device = null)
        {
            this.device = InitializeDevice(device);
            _handle = Native.rk_generator_new((int)this.device.type, this.device.index, seed);
            if (_handle == 0) throw Native.Error("making a generator");
        }

        private Generator(nint handle, Device device)
        {
            _handle = handle;
            this.device = device;
        }

        /// <summary>Frees a generator that nobody disposed.</summary>
        ~Generator() => Dispose(false);

        /// <summary>The generator that operators on the processor use when none is given.</summary>
        public static Generator Default => DefaultOf(CPU);

        /// <summary>The generator that operators on a device use when none is given.</summary>
        internal static Generator DefaultOf(Device device)
        {
            var handle = Native.rk_generator_default((int)device.type, device.index);
            return handle != 0 ? new Generator(handle, device) : throw Native.Error($"getting the default generator of {device}");
        }

        /// <summary>The native generator.</summary>
        public nint Handle => _handle != 0 ? _handle : throw new ObjectDisposedException(nameof(Generator), "This generator was disposed");

        /// <summary>Where its numbers are made.</summary>
        public Device device { get; }

        /// <summary>The state, bytes <c>[n]</c> on the processor.</summary>
        public Tensor get_state()
        {
            var state = Native.rk_generator_state(Handle);
            GC.KeepAlive(this);
            return Tensor.Wrap(state) ?? throw Native.Error("reading a generator's state");
        }

        /// <summary>Takes over a state that <see cref="get_state"/> gave.</summary>
        public void set_state(Tensor value)
        {
            Native.Check(Native.rk_generator_set_state(Handle, value.Handle), "setting a generator's state");
            GC.KeepAlive(this);
            GC.KeepAlive(value);
        }

        /// <summary>Starts again from this seed.</summary>
        public Generator manual_seed(long seed)
        {
            Native.Check(Native.rk_generator_set_seed(Handle, (ulong)seed), "manual_seed");
            GC.KeepAlive(this);
            return this;
        }

        /// <summary>Starts again from a seed taken from the system, and returns it.</summary>
        public long seed()
        {
            ulong seed;
            Native.Check(Native.rk_generator_reseed(Handle, &seed), "seed");
            GC.KeepAlive(this);
            return (long)seed;
        }

        /// <summary>The seed that it started from.</summary>
        public long initial_seed()
        {
            ulong seed;
            Native.Check(Native.rk_generator_seed(Handle, &seed), "initial_seed");
            GC.KeepAlive(this);
            return (long)seed;
        }

        /// <summary>Frees the native generator.</summary>
        public void Dispose()
        {
            Dispose(true);
            GC.SuppressFinalize(this);
        }

        /// <summary>Frees the native generator.</summary>
        protected virtual void Dispose(bool disposing)
        {
            var handle = Interlocked.Exchange(ref _handle, 0);
            if (handle != 0) Native.rk_generator_free(handle);
        }
    }
}
