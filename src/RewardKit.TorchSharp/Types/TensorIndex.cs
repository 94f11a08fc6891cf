namespace TorchSharp;

public static partial class torch
{
    /// <summary>One entry between the brackets of an indexed tensor: an index, a slice, a tensor of indices, or a mark.</summary>
    public struct TensorIndex
    {
        internal enum Kind
        {
            None,
            Single,
            Slice,
            Colon,
            Ellipsis,
            Bool,
            Tensor,
        }

        internal Kind Form;
        internal long? Start;
        internal long? Stop;
        internal long? Step;
        internal Tensor? Indices;

        /// <summary>Whether a slice leaves nothing out, whatever the length of the dimension.</summary>
        internal readonly bool IsWhole => Start is null or 0 && Stop is null or End && Step is null or 1;

        /// <summary>A whole dimension.</summary>
        public static readonly TensorIndex Colon = new() { Form = Kind.Colon };

        /// <summary>As many whole dimensions as are missing.</summary>
        public static readonly TensorIndex Ellipsis = new() { Form = Kind.Ellipsis };

        /// <summary>A new dimension of length 1.</summary>
        public static readonly TensorIndex None = new() { Form = Kind.None };

        /// <summary>A new dimension of length 1.</summary>
        public static readonly TensorIndex Null = new() { Form = Kind.None };

        /// <summary>A new dimension, of length 1 for true and 0 for false.</summary>
        public static TensorIndex Bool(bool value) => new() { Form = Kind.Bool, Start = value ? 1 : 0 };

        /// <summary>One index, counted from the end where negative; null is a new dimension of length 1.</summary>
        public static TensorIndex Single(long? index) => index is null ? None : new() { Form = Kind.Single, Start = index };

        /// <summary>The indices from start to before stop, every step-th.</summary>
        public static TensorIndex Slice(long? start = null, long? stop = null, long? step = null) =>
            new() { Form = Kind.Slice, Start = start, Stop = stop, Step = step };

        /// <summary>The indices from start to before end.</summary>
        public static TensorIndex Slice((int? start, int? end) range) => Slice(range.start, range.end);

        /// <summary>The indices of a range.</summary>
        public static TensorIndex Slice(Range range) => Slice(From(range.Start), From(range.End));

        /// <summary>Indices, or a mask, in a tensor.</summary>
        public static TensorIndex Tensor(Tensor tensor)
        {
            ArgumentNullException.ThrowIfNull(tensor);
            return new() { Form = Kind.Tensor, Indices = tensor };
        }

        /// <summary>One index.</summary>
        public static implicit operator TensorIndex(long value) => Single(value);

        /// <summary>The indices of a range.</summary>
        public static implicit operator TensorIndex(Range range) => Slice(range);

        /// <summary>One index.</summary>
        public static implicit operator TensorIndex(Index index) => Single(From(index));

        /// <summary>The indices from start to before end.</summary>
        public static implicit operator TensorIndex((int? start, int? end) range) => Slice(range);

        /// <summary>From the end, counted as negative; the end itself, which -0 does not say, as farther than any tensor reaches.</summary>
        private static long From(Index index) =>
            !index.IsFromEnd ? index.Value : index.Value == 0 ? End : -index.Value;

        private const long End = long.MaxValue >> 1;
    }
}
