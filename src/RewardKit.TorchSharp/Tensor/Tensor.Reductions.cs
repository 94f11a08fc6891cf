namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Whether all elements are true.</summary>
        public Tensor all() => Ops.all(this);

        /// <summary>Whether all elements along a dimension are true.</summary>
        public Tensor all(long dim, bool keepdim = false) => Ops.all_dim(this, dim, keepdim);

        /// <summary>Whether any element is true.</summary>
        public Tensor any() => Ops.any(this);

        /// <summary>Whether any element along a dimension is true.</summary>
        public Tensor any(long dim, bool keepdim = false) => Ops.any_dim(this, dim, keepdim);

        /// <summary>The position of the largest element among all.</summary>
        public Tensor argmax() => Ops.argmax(this);

        /// <summary>The position of the largest element along a dimension.</summary>
        public Tensor argmax(long dim, bool keepdim = false) => Ops.argmax(this, dim, keepdim);

        /// <summary>The position of the smallest element among all.</summary>
        public Tensor argmin() => Ops.argmin(this);

        /// <summary>The position of the smallest element along a dimension.</summary>
        public Tensor argmin(long dim, bool keepdim = false) => Ops.argmin(this, dim, keepdim);

        /// <summary>The largest element.</summary>
        public Tensor max() => Ops.max(this);

        /// <summary>The largest of both, element by element.</summary>
        public Tensor max(Tensor other) => Ops.maximum(this, other);

        /// <summary>The largest elements along a dimension and where they are.</summary>
        public (Tensor values, Tensor indexes) max(long dim, bool keepdim = false) => Ops.max_dim(this, dim, keepdim);

        /// <summary>The smallest element.</summary>
        public Tensor min() => Ops.min(this);

        /// <summary>The smallest of both, element by element.</summary>
        public Tensor min(Tensor other) => Ops.minimum(this, other);

        /// <summary>The smallest elements along a dimension and where they are.</summary>
        public (Tensor values, Tensor indexes) min(long dim, bool keepdim = false) => Ops.min_dim(this, dim, keepdim);

        /// <summary>The largest elements along dimensions.</summary>
        public Tensor amax(params long[] dims) => Ops.amax(this, dims);

        /// <summary>The largest elements along dimensions; no <paramref name="out"/>.</summary>
        public Tensor amax(long[] dims, bool keepdim = false, Tensor? @out = null) =>
            @out is null ? Ops.amax(this, dims, keepdim) : throw NoOut("amax");

        /// <summary>The largest elements along dimensions; no <paramref name="out"/>.</summary>
        public Tensor amax(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) =>
            @out is null ? Ops.amax(this, dims, keepdim) : throw NoOut("amax");

        /// <summary>The smallest elements along dimensions.</summary>
        public Tensor amin(params long[] dims) => Ops.amin(this, dims);

        /// <summary>The smallest elements along dimensions; no <paramref name="out"/>.</summary>
        public Tensor amin(long[] dims, bool keepdim = false, Tensor? @out = null) =>
            @out is null ? Ops.amin(this, dims, keepdim) : throw NoOut("amin");

        /// <summary>The smallest elements along dimensions; no <paramref name="out"/>.</summary>
        public Tensor amin(ReadOnlySpan<long> dims, bool keepdim = false, Tensor? @out = null) =>
            @out is null ? Ops.amin(this, dims, keepdim) : throw NoOut("amin");

        /// <summary>Writing into a given tensor is not offered.</summary>
        private static NotSupportedException NoOut(string name) => new($"{name} with out is not offered; copy the result with copy_ instead");

        /// <summary>The sum of all elements.</summary>
        public Tensor sum(ScalarType? type = null) => Ops.sum(this, type);

        /// <summary>Sums along a dimension.</summary>
        public Tensor sum(long dim, bool keepdim = false, ScalarType? type = null) => Ops.sum_dim_IntList(this, [dim], keepdim, type);

        /// <summary>Sums along dimensions.</summary>
        public Tensor sum(ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) => Ops.sum_dim_IntList(this, dim, keepdim, type);

        /// <summary>Sums along dimensions.</summary>
        public Tensor sum(long[] dim, bool keepdim = false, ScalarType? type = null) => Ops.sum_dim_IntList(this, dim, keepdim, type);

        /// <summary>Sums along two dimensions.</summary>
        public Tensor sum(long dim0, long dim1, bool keepdim = false, ScalarType? type = null) =>
            Ops.sum_dim_IntList(this, [dim0, dim1], keepdim, type);

        /// <summary>Sums along three dimensions.</summary>
        public Tensor sum(long dim0, long dim1, long dim2, bool keepdim = false, ScalarType? type = null) =>
            Ops.sum_dim_IntList(this, [dim0, dim1, dim2], keepdim, type);

        /// <summary>The mean of all elements.</summary>
        public Tensor mean() => Ops.mean(this);

        /// <summary>Means along dimensions.</summary>
        public Tensor mean(long[] dimensions, bool keepdim = false, ScalarType? type = null) => Ops.mean_dim(this, dimensions, keepdim, type);

        /// <summary>The standard deviation of all elements; unbiased divides by n - 1.</summary>
        public Tensor std(bool unbiased = true) => Ops.std(this, unbiased);

        /// <summary>The standard deviation along dimensions; unbiased divides by n - 1.</summary>
        public Tensor std(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Spread(type, (self, dims) => Ops.std_dim(self, dims, unbiased, keepdim), [dim]);

        /// <summary>The standard deviation along dimensions; unbiased divides by n - 1.</summary>
        public Tensor std(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Spread(type, (self, dims) => Ops.std_dim(self, dims, unbiased, keepdim), dimensions);

        /// <summary>The standard deviation along dimensions; unbiased divides by n - 1.</summary>
        public Tensor std((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Spread(type, (self, dims) => Ops.std_dim(self, dims, unbiased, keepdim), [dim.Item1, dim.Item2]);

        /// <summary>The standard deviation along dimensions; unbiased divides by n - 1.</summary>
        public Tensor std((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Spread(type, (self, dims) => Ops.std_dim(self, dims, unbiased, keepdim), [dim.Item1, dim.Item2, dim.Item3]);

        /// <summary>The standard deviation along dimensions; unbiased divides by n - 1.</summary>
        public Tensor std(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Spread(type, (self, dims) => Ops.std_dim(self, dims, unbiased, keepdim), dimensions.ToArray());

        /// <summary>The variance of all elements; unbiased divides by n - 1.</summary>
        public Tensor var(bool unbiased = true) => Ops.var(this, unbiased);

        /// <summary>The variance along dimensions; unbiased divides by n - 1.</summary>
        public Tensor var(long dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Spread(type, (self, dims) => Ops.var_dim(self, dims, unbiased, keepdim), [dim]);

        /// <summary>The variance along dimensions; unbiased divides by n - 1.</summary>
        public Tensor var(long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Spread(type, (self, dims) => Ops.var_dim(self, dims, unbiased, keepdim), dimensions);

        /// <summary>The variance along dimensions; unbiased divides by n - 1.</summary>
        public Tensor var((long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Spread(type, (self, dims) => Ops.var_dim(self, dims, unbiased, keepdim), [dim.Item1, dim.Item2]);

        /// <summary>The variance along dimensions; unbiased divides by n - 1.</summary>
        public Tensor var((long, long, long) dim, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Spread(type, (self, dims) => Ops.var_dim(self, dims, unbiased, keepdim), [dim.Item1, dim.Item2, dim.Item3]);

        /// <summary>The variance along dimensions; unbiased divides by n - 1.</summary>
        public Tensor var(ReadOnlySpan<long> dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
            Spread(type, (self, dims) => Ops.var_dim(self, dims, unbiased, keepdim), dimensions.ToArray());

        /// <summary>Converts first where a type is given.</summary>
        private Tensor Spread(ScalarType? type, Func<Tensor, long[], Tensor> compute, long[] dims)
        {
            if (type is null || type == dtype) return compute(this, dims);
            using var converted = Ops.to_dtype(this, type.Value);
            return compute(converted, dims);
        }

        /// <summary>Running sums along a dimension.</summary>
        public Tensor cumsum(long dim, ScalarType? type = null) => Ops.cumsum(this, dim, type);

        /// <summary>log(sum(exp(x))) along a dimension.</summary>
        public Tensor logsumexp(long dim, bool keepdim = false) => Ops.logsumexp(this, [dim], keepdim);

        /// <summary>exp(x) / sum(exp(x)) along a dimension.</summary>
        public Tensor softmax(long dim, ScalarType? dtype = null) => Ops.softmax_int(this, dim, dtype);

        /// <summary>The logarithm of softmax along a dimension.</summary>
        public Tensor log_softmax(long dim, ScalarType? dtype = null) => Ops.log_softmax_int(this, dim, dtype);

        /// <summary>The p-norm of all elements.</summary>
        public Tensor norm(float p = 2f) => Ops.norm_Scalar(this, (double)p);

        /// <summary>The p-norms along a dimension.</summary>
        public Tensor norm(int dim, bool keepdim = false, float p = 2f) => Ops.norm_ScalarOpt_dim(this, (double)p, [dim], keepdim);

        /// <summary>The sum of the diagonal.</summary>
        public Tensor trace() => Ops.trace(this);
    }
}
