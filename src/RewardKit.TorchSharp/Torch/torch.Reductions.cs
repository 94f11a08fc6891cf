namespace TorchSharp;

public static partial class torch
{
    /// <summary>Whether all elements are true.</summary>
    public static Tensor all(Tensor input) => Ops.all(input);

    /// <summary>Whether all elements along a dimension are true.</summary>
    public static Tensor all(Tensor input, long dim, bool keepdim = false) => Ops.all_dim(input, dim, keepdim);

    /// <summary>Whether any element is true.</summary>
    public static Tensor any(Tensor input) => Ops.any(input);

    /// <summary>Whether any element along a dimension is true.</summary>
    public static Tensor any(Tensor input, long dim, bool keepdim = false) => Ops.any_dim(input, dim, keepdim);

    /// <summary>The position of the largest element among all.</summary>
    public static Tensor argmax(Tensor input) => Ops.argmax(input);

    /// <summary>The position of the largest element along a dimension.</summary>
    public static Tensor argmax(Tensor input, long dim, bool keepdim = false) => Ops.argmax(input, dim, keepdim);

    /// <summary>The position of the smallest element among all.</summary>
    public static Tensor argmin(Tensor input) => Ops.argmin(input);

    /// <summary>The position of the smallest element along a dimension.</summary>
    public static Tensor argmin(Tensor input, long dim, bool keepdim = false) => Ops.argmin(input, dim, keepdim);

    /// <summary>The largest element.</summary>
    public static Tensor max(Tensor input) => Ops.max(input);

    /// <summary>The largest of both, element by element.</summary>
    public static Tensor max(Tensor input, Tensor other) => Ops.maximum(input, other);

    /// <summary>The largest elements along a dimension and where they are.</summary>
    public static (Tensor values, Tensor indexes) max(Tensor input, long dim, bool keepdim = false) => Ops.max_dim(input, dim, keepdim);

    /// <summary>The smallest element.</summary>
    public static Tensor min(Tensor input) => Ops.min(input);

    /// <summary>The smallest of both, element by element.</summary>
    public static Tensor min(Tensor input, Tensor other) => Ops.minimum(input, other);

    /// <summary>The smallest elements along a dimension and where they are.</summary>
    public static (Tensor values, Tensor indexes) min(Tensor input, long dim, bool keepdim = false) => Ops.min_dim(input, dim, keepdim);

    /// <summary>The sum of all elements.</summary>
    public static Tensor sum(Tensor input, ScalarType? type = null) => Ops.sum(input, type);

    /// <summary>Sums along a dimension.</summary>
    public static Tensor sum(Tensor input, long dim, bool keepdim = false, ScalarType? type = null) =>
        Ops.sum_dim_IntList(input, [dim], keepdim, type);

    /// <summary>Sums along dimensions.</summary>
    public static Tensor sum(Tensor input, ReadOnlySpan<long> dim, bool keepdim = false, ScalarType? type = null) =>
        Ops.sum_dim_IntList(input, dim, keepdim, type);

    /// <summary>The mean of all elements.</summary>
    public static Tensor mean(Tensor input) => Ops.mean(input);

    /// <summary>Means along dimensions.</summary>
    public static Tensor mean(Tensor input, long[] dimensions, bool keepdim = false, ScalarType? type = null) =>
        Ops.mean_dim(input, dimensions, keepdim, type);

    /// <summary>The standard deviation of all elements; unbiased divides by n - 1.</summary>
    public static Tensor std(Tensor input, bool unbiased = true) => Ops.std(input, unbiased);

    /// <summary>The standard deviation along dimensions; unbiased divides by n - 1.</summary>
    public static Tensor std(Tensor input, long dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
        input.std(dimensions, unbiased, keepdim, type);

    /// <summary>The standard deviation along dimensions; unbiased divides by n - 1.</summary>
    public static Tensor std(Tensor input, long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
        input.std(dimensions, unbiased, keepdim, type);

    /// <summary>The standard deviation along dimensions; unbiased divides by n - 1.</summary>
    public static Tensor std(Tensor input, (long, long) dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
        input.std(dimensions, unbiased, keepdim, type);

    /// <summary>The standard deviation along dimensions; unbiased divides by n - 1.</summary>
    public static Tensor std(Tensor input, (long, long, long) dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
        input.std(dimensions, unbiased, keepdim, type);

    /// <summary>The variance of all elements; unbiased divides by n - 1.</summary>
    public static Tensor var(Tensor input, bool unbiased = true) => Ops.var(input, unbiased);

    /// <summary>The variance along dimensions; unbiased divides by n - 1.</summary>
    public static Tensor var(Tensor input, long dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
        input.var(dimensions, unbiased, keepdim, type);

    /// <summary>The variance along dimensions; unbiased divides by n - 1.</summary>
    public static Tensor var(Tensor input, long[] dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
        input.var(dimensions, unbiased, keepdim, type);

    /// <summary>The variance along dimensions; unbiased divides by n - 1.</summary>
    public static Tensor var(Tensor input, (long, long) dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
        input.var(dimensions, unbiased, keepdim, type);

    /// <summary>The variance along dimensions; unbiased divides by n - 1.</summary>
    public static Tensor var(Tensor input, (long, long, long) dimensions, bool unbiased = true, bool keepdim = false, ScalarType? type = null) =>
        input.var(dimensions, unbiased, keepdim, type);

    /// <summary>Running sums along a dimension.</summary>
    public static Tensor cumsum(Tensor input, long dim, ScalarType? type = null) => Ops.cumsum(input, dim, type);

    /// <summary>log(sum(exp(x))) along a dimension.</summary>
    public static Tensor logsumexp(Tensor input, long dim, bool keepdim = false) => Ops.logsumexp(input, [dim], keepdim);

    /// <summary>exp(x) / sum(exp(x)) along a dimension.</summary>
    public static Tensor softmax(Tensor input, int dim, ScalarType? dtype = null) => Ops.softmax_int(input, dim, dtype);

    /// <summary>The Euclidean norm of all elements.</summary>
    public static Tensor norm(Tensor input) => Ops.norm_Scalar(input);

    /// <summary>The p-norm of all elements.</summary>
    public static Tensor norm(Tensor input, float p = 2f) => Ops.norm_Scalar(input, (double)p);

    /// <summary>The p-norms along a dimension.</summary>
    public static Tensor norm(Tensor input, int dimension, bool keepdim = false, float p = 2f) =>
        Ops.norm_ScalarOpt_dim(input, (double)p, [dimension], keepdim);
}
