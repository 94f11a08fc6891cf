using System.Runtime.CompilerServices;
using TorchSharp.Utils;

namespace TorchSharp;

public static partial class torch
{
    public unsafe partial class Tensor
    {
        /// <summary>The elements, for reading and writing where they are. The tensor must lie on the processor.</summary>
        /// <exception cref="ArgumentException">The tensor's elements are of another type.</exception>
        public TensorAccessor<T> data<T>() where T : unmanaged
        {
            CheckType<T>();
            return new TensorAccessor<T>(this);
        }

        /// <summary>The one element, from whatever device, in the tensor's own type.</summary>
        /// <exception cref="ArgumentException">The element is of another type, or there is not exactly one.</exception>
        public T item<T>() where T : unmanaged
        {
            CheckType<T>();
            var value = SingleElement();
            if (typeof(T) == typeof(float)) return As((float)value.ToDouble());
            if (typeof(T) == typeof(double)) return As(value.ToDouble());
            if (typeof(T) == typeof(long)) return As(value.ToLong());
            if (typeof(T) == typeof(int)) return As((int)value.ToLong());
            if (typeof(T) == typeof(short)) return As((short)value.ToLong());
            if (typeof(T) == typeof(sbyte)) return As((sbyte)value.ToLong());
            if (typeof(T) == typeof(byte)) return As((byte)value.ToLong());
            if (typeof(T) == typeof(bool)) return As(value.ToLong() != 0);
            if (typeof(T) == typeof(BFloat16)) return As((BFloat16)value.ToDouble());
            return As((Half)value.ToDouble());

            static T As<TValue>(TValue value) where TValue : unmanaged => Unsafe.BitCast<TValue, T>(value);
        }

        /// <summary>The elements as bytes, in memory order. The tensor must be contiguous and lie on the processor.</summary>
        /// <exception cref="InvalidOperationException">It is not, or it is larger than a span.</exception>
        public Span<byte> bytes
        {
            get => new(DataPointer(), checked((int)(NumberOfElements * ElementSize)));
            set
            {
                var own = bytes;
                if (value.Length != own.Length)
                    throw new ArgumentException($"{value.Length} bytes do not fill a tensor of {own.Length} bytes");
                value.CopyTo(own);
                GC.KeepAlive(this);
            }
        }

        /// <summary>Fills the tensor with bytes from a stream.</summary>
        public void ReadBytesFromStream(Stream stream, int bufferSize = 1024) =>
            Chunks(bufferSize, chunk => stream.ReadExactly(new Span<byte>((void*)chunk.Start, chunk.Length)));

        /// <summary>Writes the elements' bytes to a stream.</summary>
        public void WriteBytesToStream(Stream stream, int bufferSize = 1024) =>
            Chunks(bufferSize, chunk => stream.Write(new ReadOnlySpan<byte>((void*)chunk.Start, chunk.Length)));

        /// <summary>Writes it to a file as libtorch's <c>torch::save</c> does.</summary>
        public void save(string location) => Native.Save(this, location);

        /// <summary>Reads what <see cref="save"/> or libtorch's <c>torch::save</c> wrote.</summary>
        public static Tensor load(string location) => Native.Load(location);

        /// <summary>The one element as a number.</summary>
        internal ScalarValue SingleElement()
        {
            if (NumberOfElements != 1)
                throw new ArgumentException($"item needs a tensor with one element; this one has the shape [{string.Join(", ", shape)}]");
            long integer;
            double number;
            var kind = Kept(Native.rk_tensor_item(Handle, &integer, &number));
            return kind switch
            {
                1 => integer,
                2 => number,
                3 => integer != 0,
                _ => throw Native.Error("item"),
            };
        }

        internal void* DataPointer()
        {
            if (device_type != DeviceType.CPU)
                throw new InvalidOperationException($"This tensor lies on {device}; copy it with cpu() to reach its data");
            var pointer = Native.rk_tensor_data(Handle);
            if (pointer is null && NumberOfElements > 0) throw Native.Error("reaching a tensor's data");
            if (!is_contiguous())
                throw new InvalidOperationException("This tensor is a view that is not contiguous; copy it with contiguous() to reach its data");
            return pointer;
        }

        internal static Type? ElementType(ScalarType type) => type switch
        {
            ScalarType.Byte => typeof(byte),
            ScalarType.Int8 => typeof(sbyte),
            ScalarType.Int16 => typeof(short),
            ScalarType.Int32 => typeof(int),
            ScalarType.Int64 => typeof(long),
            ScalarType.Float16 => typeof(Half),
            ScalarType.Float32 => typeof(float),
            ScalarType.Float64 => typeof(double),
            ScalarType.Bool => typeof(bool),
            ScalarType.BFloat16 => typeof(BFloat16),
            _ => null,
        };

        private void CheckType<T>()
        {
            var type = dtype;
            if (ElementType(type) != typeof(T))
                throw new ArgumentException($"This tensor's elements are {type}, not {typeof(T).Name}; convert it with to_type first");
        }

        private readonly record struct Chunk(nint Start, int Length);

        private void Chunks(int size, Action<Chunk> visit)
        {
            var start = (byte*)DataPointer();
            var total = NumberOfElements * ElementSize;
            // Streams take any length; small pieces would only cost calls.
            var step = Math.Max(size, 1 << 20);
            for (long done = 0; done < total; done += step)
                visit(new Chunk((nint)(start + done), (int)Math.Min(step, total - done)));
            GC.KeepAlive(this);
        }
    }
}
