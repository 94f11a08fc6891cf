namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>The element at the index given for it along a dimension, of the shape of the index.</summary>
        public Tensor gather(long dim, Tensor index) => Ops.gather(this, dim, index);

        /// <summary>The slices of a dimension at these indices, a vector.</summary>
        public Tensor index_select(long dim, Tensor index) => Ops.index_select(this, dim, index);

        /// <summary>A copy with the elements of src written to the indices given for them.</summary>
        public Tensor scatter(long dim, Tensor index, Tensor src) => Ops.scatter_src(this, dim, index, src);

        /// <summary>Writes the elements of src to the indices given for them.</summary>
        public Tensor scatter_(long dim, Tensor index, Tensor src)
        {
            Ops.scatter__src(this, dim, index, src);
            return this;
        }

        /// <summary>A copy with the elements of src added at the indices given for them.</summary>
        public Tensor scatter_add(long dim, Tensor index, Tensor src) => Ops.scatter_add(this, dim, index, src);

        /// <summary>Adds the elements of src at the indices given for them.</summary>
        public Tensor scatter_add_(long dim, Tensor index, Tensor src)
        {
            Ops.scatter_add_(this, dim, index, src);
            return this;
        }

        /// <summary>A copy with the value where the mask holds.</summary>
        public Tensor masked_fill(Tensor mask, Scalar value) => Ops.masked_fill_Scalar(this, Mask(mask), value);

        /// <summary>Writes the value where the mask holds.</summary>
        public Tensor masked_fill_(Tensor mask, Scalar value)
        {
            Ops.masked_fill__Scalar(this, Mask(mask), value);
            return this;
        }

        /// <summary>Early versions of libtorch read a mask of another type as bytes.</summary>
        private static Tensor Mask(Tensor mask)
        {
            if (mask is null || mask.IsInvalid || mask.dtype is ScalarType.Bool or ScalarType.Byte) return mask!;
            throw new ArgumentException($"masked_fill needs a mask of type Bool, but was given {mask.dtype} [{string.Join(", ", mask.shape)}] on {mask.device}", nameof(mask));
        }

        /// <summary>The elements where the mask holds, a vector.</summary>
        public Tensor masked_select(Tensor mask) => Ops.masked_select(this, mask);

        /// <summary>The elements at these positions among all.</summary>
        public Tensor take(Tensor index) => Ops.take(this, index);

        /// <summary>The indices of the elements that are not 0, [count, dimensions].</summary>
        public Tensor nonzero() => Ops.nonzero(this);

        /// <summary>The k largest (or smallest) elements along a dimension and where they are.</summary>
        public (Tensor values, Tensor indexes) topk(int k, int dim = -1, bool largest = true, bool sorted = true) =>
            Ops.topk(this, k, dim, largest, sorted);

        /// <summary>The elements in order along a dimension and where they were.</summary>
        public (Tensor Values, Tensor Indices) sort(long dim = -1, bool descending = false, bool stable = false) =>
            Ops.sort_stable(this, stable, dim, descending);

        /// <summary>The indices that put a dimension in order.</summary>
        public Tensor argsort(long dim = -1, bool descending = false) => Ops.argsort(this, dim, descending);
    }
}
