namespace TorchSharp;

public static partial class torch
{
    public unsafe partial class Tensor
    {
        /// <summary>Bytes per element.</summary>
        public long ElementSize => Kept(Native.rk_tensor_itemsize(Handle));

        /// <summary>The number of elements.</summary>
        public long NumberOfElements => Kept(Native.rk_tensor_numel(Handle));

        /// <summary>The number of elements.</summary>
        public long numel() => NumberOfElements;

        /// <summary>The number of dimensions.</summary>
        public long ndim => Kept(Native.rk_tensor_dim(Handle));

        /// <summary>The number of dimensions.</summary>
        public long dim() => ndim;

        /// <summary>The length of each dimension; a new array each time.</summary>
        public long[] shape
        {
            get
            {
                var sizes = new long[ndim];
                fixed (long* pointer = sizes) Native.rk_tensor_sizes(Handle, pointer);
                GC.KeepAlive(this);
                return sizes;
            }
        }

        /// <summary>The length of each dimension.</summary>
        public long[] size() => shape;

        /// <summary>The length of one dimension, counted from the end where negative.</summary>
        /// <exception cref="ArgumentOutOfRangeException">There is no such dimension.</exception>
        public long size(int dim)
        {
            var dims = (int)ndim;
            var index = dim < 0 ? dims + dim : dim;
            if (index < 0 || index >= dims)
                throw new ArgumentOutOfRangeException(nameof(dim), dim, $"A tensor of shape [{string.Join(", ", shape)}] has no such dimension");
            // libtorch has no limit on dimensions, but 64 is the largest it iterates over.
            if (dims > 64) return shape[index];
            var sizes = stackalloc long[dims];
            Native.rk_tensor_sizes(Handle, sizes);
            GC.KeepAlive(this);
            return sizes[index];
        }

        /// <summary>The distance between neighbours in each dimension, in elements.</summary>
        internal long[] stride()
        {
            var strides = new long[ndim];
            fixed (long* pointer = strides) Native.rk_tensor_strides(Handle, pointer);
            GC.KeepAlive(this);
            return strides;
        }

        /// <summary>The type of the elements.</summary>
        public ScalarType dtype => (ScalarType)Kept(Native.rk_tensor_dtype(Handle));

        /// <summary>Where it lies.</summary>
        public Device device
        {
            get
            {
                int index;
                var type = (DeviceType)Native.rk_tensor_device(Handle, &index);
                GC.KeepAlive(this);
                return Device.Of(type, index);
            }
        }

        /// <summary>The kind of device that it lies on.</summary>
        public DeviceType device_type
        {
            get
            {
                int index;
                return (DeviceType)Kept(Native.rk_tensor_device(Handle, &index));
            }
        }

        /// <summary>Whether the elements lie in memory in the order of the indices, without gaps.</summary>
        public bool is_contiguous() => Kept(Native.rk_tensor_is_contiguous(Handle)) != 0;

        /// <summary>Whether it lies in memory that a GPU can copy from directly.</summary>
        public bool is_pinned()
        {
            var pinned = Kept(Native.rk_tensor_is_pinned(Handle));
            return pinned >= 0 ? pinned != 0 : throw Native.Error("is_pinned");
        }

        /// <summary>A copy in memory that a GPU can copy from directly.</summary>
        public Tensor pin_memory() => WrapOrThrow(Kept(Native.rk_tensor_pin(Handle)), "pin_memory");

        private T Kept<T>(T value)
        {
            GC.KeepAlive(this);
            return value;
        }
    }
}
