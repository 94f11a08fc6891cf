using System.Collections;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A shape.</summary>
    public readonly struct Size : IEnumerable<long>
    {
        private readonly long[] _shape;

        /// <summary>A shape of these lengths.</summary>
        public Size(long[] shape) => _shape = (long[])shape.Clone();

        /// <summary>A shape of these lengths.</summary>
        public Size(int[] shape) => _shape = Array.ConvertAll(shape, length => (long)length);

        /// <summary>A shape of one dimension.</summary>
        public Size(long size) => _shape = [size];

        /// <summary>The length of one dimension, counted from the end where negative.</summary>
        public long this[int idx] => Shape[idx < 0 ? Shape.Length + idx : idx];

        /// <summary>The number of dimensions.</summary>
        public int Length => Shape.Length;

        internal long[] Shape => _shape ?? [];

        /// <summary>The number of elements of a tensor of this shape.</summary>
        public long numel()
        {
            long product = 1;
            foreach (var length in Shape) product *= length;
            return product;
        }

        /// <summary>The lengths, from the first dimension.</summary>
        public IEnumerator<long> GetEnumerator() => ((IEnumerable<long>)Shape).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => Shape.GetEnumerator();

        /// <summary>A shape of one dimension.</summary>
        public static implicit operator Size(long size) => new(size);

        /// <summary>A shape of two dimensions.</summary>
        public static implicit operator Size((long, long) size) => new([size.Item1, size.Item2]);

        /// <summary>A shape of three dimensions.</summary>
        public static implicit operator Size((long, long, long) size) => new([size.Item1, size.Item2, size.Item3]);
    }
}
