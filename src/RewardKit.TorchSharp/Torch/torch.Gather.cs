namespace TorchSharp;

public static partial class torch
{
    /// <summary>The element at the index given for it along a dimension, of the shape of the index.</summary>
    public static Tensor gather(Tensor input, long dim, Tensor index) => Ops.gather(input, dim, index);

    /// <summary>The element at the index given for it along a dimension, of the shape of the index.</summary>
    public static Tensor gather(Tensor input, long dim, Tensor index, bool sparse_grad = false) => Ops.gather(input, dim, index, sparse_grad);

    /// <summary>The slices of a dimension at these indices, a vector.</summary>
    public static Tensor index_select(Tensor input, long dim, Tensor index) => Ops.index_select(input, dim, index);

    /// <summary>A copy with the elements of src written to the indices given for them.</summary>
    public static Tensor scatter(Tensor input, long dim, Tensor index, Tensor src) => Ops.scatter_src(input, dim, index, src);

    /// <summary>The elements where the mask holds, a vector.</summary>
    public static Tensor masked_select(Tensor input, Tensor mask) => Ops.masked_select(input, mask);

    /// <summary>The indices of the elements that are not 0, [count, dimensions].</summary>
    public static Tensor nonzero(Tensor input) => Ops.nonzero(input);

    /// <summary>The k largest (or smallest) elements along a dimension and where they are.</summary>
    public static (Tensor values, Tensor indices) topk(Tensor tensor, int k, int dim = -1, bool largest = true, bool sorted = true) =>
        Ops.topk(tensor, k, dim, largest, sorted);

    /// <summary>The elements in order along a dimension and where they were.</summary>
    public static (Tensor values, Tensor indices) sort(Tensor input, long dim = -1, bool descending = false, bool stable = false) =>
        Ops.sort_stable(input, stable, dim, descending);

    /// <summary>The indices that put a dimension in order.</summary>
    public static Tensor argsort(Tensor input, long dim = -1, bool descending = false) => Ops.argsort(input, dim, descending);
}
