namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The same tensor in another object.</summary>
        public Tensor alias() => Ops.alias(this);

        /// <summary>A copy.</summary>
        public Tensor clone() => Ops.clone(this);

        /// <summary>This tensor, or a copy whose elements lie in order without gaps.</summary>
        public Tensor contiguous() => Ops.contiguous(this);

        /// <summary>The same elements in another shape; -1 is worked out. Needs no copy.</summary>
        public Tensor view(params long[] shape) => Ops.view(this, shape);

        /// <summary>The same elements in another shape; -1 is worked out.</summary>
        public Tensor reshape(params long[] shape) => Ops.reshape(this, shape);

        /// <summary>Dimensions of length 1 repeated without a copy; -1 keeps a length.</summary>
        public Tensor expand(params long[] sizes) => Ops.expand(this, sizes);

        /// <summary>Dimensions of length 1 repeated without a copy; -1 keeps a length.</summary>
        public Tensor expand(long[] sizes, bool isImplicit = false) => Ops.expand(this, sizes, isImplicit);

        /// <summary>Dimensions of length 1 repeated without a copy; -1 keeps a length.</summary>
        public Tensor expand(Size sizes, bool isImplicit = false) => Ops.expand(this, sizes.Shape, isImplicit);

        /// <summary>Dimensions of length 1 repeated without a copy; -1 keeps a length.</summary>
        public Tensor expand(ReadOnlySpan<long> sizes, bool isImplicit = false) => Ops.expand(this, sizes, isImplicit);

        /// <summary>Expanded to the shape of another tensor.</summary>
        public Tensor expand_as(Tensor other) => Ops.expand_as(this, other);

        /// <summary>The dimensions in another order.</summary>
        public Tensor permute(params long[] permutation) => Ops.permute(this, permutation);

        /// <summary>The dimensions in another order.</summary>
        public Tensor permute(IEnumerable<long> permutation) => Ops.permute(this, permutation.ToArray());

        /// <summary>Two dimensions swapped.</summary>
        public Tensor transpose(long dim0, long dim1) => Ops.transpose_int(this, dim0, dim1);

        /// <summary>A matrix with rows and columns swapped.</summary>
        public Tensor t() => Ops.t(this);

        /// <summary>The dimensions in reverse order.</summary>
        public Tensor T => Ops.numpy_T(this);

        /// <summary>The last two dimensions swapped.</summary>
        public Tensor mT => Ops.mT(this);

        /// <summary>Without a dimension of length 1, or without all of them.</summary>
        public Tensor squeeze(long? dim = null) => dim is { } one ? Ops.squeeze_dim(this, one) : Ops.squeeze(this);

        /// <summary>Takes a dimension of length 1, or all of them, from this tensor.</summary>
        public Tensor squeeze_(long? dim = null)
        {
            if (dim is { } one) Ops.squeeze__dim(this, one);
            else Ops.squeeze_(this);
            return this;
        }

        /// <summary>With a new dimension of length 1.</summary>
        public Tensor unsqueeze(long dim) => Ops.unsqueeze(this, dim);

        /// <summary>Gives this tensor a new dimension of length 1.</summary>
        public Tensor unsqueeze_(long dim)
        {
            Ops.unsqueeze_(this, dim);
            return this;
        }

        /// <summary>Dimensions from start to end joined into one.</summary>
        public Tensor flatten(long start_dim = 0, long end_dim = -1) => Ops.flatten_using_ints(this, start_dim, end_dim);

        /// <summary>One dimension split into several.</summary>
        public Tensor unflatten(long dim, params long[] sizes) => Unflatten(dim, sizes);

        /// <summary>One dimension split into several.</summary>
        public Tensor unflatten(long dim, Size sizes) => Unflatten(dim, sizes.Shape);

        /// <summary>The part of a dimension from start on, of this length; a view.</summary>
        public Tensor narrow(long dim, long start, long length) => Ops.narrow(this, dim, start, length);

        /// <summary>One index of a dimension; a view without that dimension.</summary>
        public Tensor select(long dim, long index) => Ops.select_int(this, dim, index);

        /// <summary>Every step-th index of a dimension from start to before finish; a view.</summary>
        public Tensor slice(long dim, long start, long finish, long step) => Ops.slice_Tensor(this, dim, start, finish, step);

        /// <summary>The views along a dimension.</summary>
        public Tensor[] unbind(long dimension = 0) => Ops.unbind_int(this, dimension);

        /// <summary>Parts of these lengths along the first dimension.</summary>
        public Tensor[] split(params long[] sizes) => Ops.split_with_sizes(this, sizes);

        /// <summary>Parts of this length along a dimension; the last may be shorter.</summary>
        public Tensor[] split(long size, int dim = 0) => Ops.split_Tensor(this, size, dim);

        /// <summary>Parts of these lengths along a dimension.</summary>
        public Tensor[] split(long[] sizes, long dim = 0) => Ops.split_with_sizes(this, sizes, dim);

        /// <summary>Parts of these lengths along a dimension.</summary>
        public Tensor[] split(ReadOnlySpan<long> sizes, long dim = 0) => Ops.split_with_sizes(this, sizes, dim);

        /// <summary>The tensor repeated along each dimension.</summary>
        public Tensor repeat(params long[] sizes) => Ops.repeat(this, sizes);

        /// <summary>In reverse order along dimensions.</summary>
        public Tensor flip(params long[] dims) => Ops.flip(this, dims);

        /// <summary>Shifted, with what leaves at one end coming in at the other.</summary>
        public Tensor roll(long[] shifts) => Ops.roll(this, shifts);

        /// <summary>Shifted along dimensions.</summary>
        public Tensor roll(long[] shifts, long[] dims) => Ops.roll(this, shifts, dims);

        /// <summary>Shifted along a dimension, or all of the elements in order.</summary>
        public Tensor roll(long shifts, long? dims = null) => dims is { } one ? Ops.roll(this, [shifts], [one]) : Ops.roll(this, [shifts]);

        /// <summary>Shifted along dimensions.</summary>
        public Tensor roll((long, long) shifts, (long, long) dims) => Ops.roll(this, [shifts.Item1, shifts.Item2], [dims.Item1, dims.Item2]);

        /// <summary>Shifted along dimensions.</summary>
        public Tensor roll((long, long, long) shifts, (long, long, long) dims) =>
            Ops.roll(this, [shifts.Item1, shifts.Item2, shifts.Item3], [dims.Item1, dims.Item2, dims.Item3]);

        /// <summary>Shifted along dimensions.</summary>
        public Tensor roll(ReadOnlySpan<long> shifts, ReadOnlySpan<long> dims = default) => Ops.roll(this, shifts, dims);

        /// <summary>A matrix with this diagonal, or the diagonal of this matrix.</summary>
        public Tensor diag(long diagonal = 0) => Ops.diag(this, diagonal);

        /// <summary>The diagonal of two dimensions; a view.</summary>
        public Tensor diagonal(long offset = 0, long dim1 = 0, long dim2 = 1) => Ops.diagonal(this, offset, dim1, dim2);

        /// <summary>Splits one dimension.</summary>
        private Tensor Unflatten(long dim, long[] sizes)
        {
            var from = shape;
            var index = (int)(dim < 0 ? dim + from.Length : dim);
            if (index < 0 || index >= from.Length)
                throw new ArgumentOutOfRangeException(nameof(dim), dim, $"A tensor of shape [{string.Join(", ", from)}] has no such dimension");
            return Ops.view(this, [.. from[..index], .. sizes, .. from[(index + 1)..]]);
        }

        /// <summary>At most so many parts along a dimension, all but the last of one length.</summary>
        public Tensor[] chunk(long chunks, long dim = 0) => Ops.chunk(this, chunks, dim);

        /// <summary>The lower triangle of matrices, 0 above the diagonal.</summary>
        public Tensor tril(long diagonal = 0) => Ops.tril(this, diagonal);

        /// <summary>The upper triangle of matrices, 0 below the diagonal.</summary>
        public Tensor triu(long diagonal = 0) => Ops.triu(this, diagonal);

        /// <summary>Each element repeated.</summary>
        public Tensor repeat_interleave(long repeats, long? dim = null, long? output_size = null) =>
            Ops.repeat_interleave_self_int(this, repeats, dim, output_size);

        /// <summary>Each element repeated as often as said for it.</summary>
        public Tensor repeat_interleave(Tensor repeats, long? dim = null, long? output_size = null) =>
            Ops.repeat_interleave_self_Tensor(this, repeats, dim, output_size);
    }
}
