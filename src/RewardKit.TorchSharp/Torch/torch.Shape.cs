namespace TorchSharp;

public static partial class torch
{
    /// <summary>Dimensions from start to end joined into one.</summary>
    public static Tensor flatten(Tensor input, long start_dim = 0, long end_dim = -1) => Ops.flatten_using_ints(input, start_dim, end_dim);

    /// <summary>Without a dimension of length 1, or without all of them.</summary>
    public static Tensor squeeze(Tensor input, long? dim = null) => input.squeeze(dim);

    /// <summary>With a new dimension of length 1.</summary>
    public static Tensor unsqueeze(Tensor input, long dim) => Ops.unsqueeze(input, dim);

    /// <summary>Parts of these lengths along a dimension.</summary>
    public static Tensor[] split(Tensor tensor, long[] split_size_or_sections, long dim = 0) =>
        Ops.split_with_sizes(tensor, split_size_or_sections, dim);

    /// <summary>The tensors on top of each other, along a new dimension.</summary>
    public static Tensor stack(IEnumerable<Tensor> tensors, long dim = 0) => Ops.stack(tensors as Tensor[] ?? tensors.ToArray(), dim);

    /// <summary>The tensors one after the other along a dimension.</summary>
    public static Tensor cat(Tensor[] tensors, long dim = 0) => Ops.cat(tensors, dim);

    /// <summary>The tensors one after the other along a dimension.</summary>
    public static Tensor cat(IList<Tensor> tensors, long dim = 0) => Ops.cat(tensors as Tensor[] ?? tensors.ToArray(), dim);

    /// <summary>The tensors one after the other along a dimension.</summary>
    public static Tensor cat(ReadOnlySpan<Tensor> tensors, long dim = 0) => Ops.cat(tensors, dim);

    /// <summary>The tensors one after the other along a dimension.</summary>
    public static Tensor concat(Tensor[] tensors, long dim = 0) => Ops.cat(tensors, dim);

    /// <summary>The tensors one after the other along a dimension.</summary>
    public static Tensor concat(IList<Tensor> tensors, long dim = 0) => Ops.cat(tensors as Tensor[] ?? tensors.ToArray(), dim);

    /// <summary>The tensors one after the other along a dimension.</summary>
    public static Tensor concat(ReadOnlySpan<Tensor> tensors, long dim = 0) => Ops.cat(tensors, dim);

    /// <summary>At most so many parts along a dimension, all but the last of one length.</summary>
    public static Tensor[] chunk(Tensor input, long chunks, long dim = 0) => Ops.chunk(input, chunks, dim);

    /// <summary>The lower triangle of matrices, 0 above the diagonal.</summary>
    public static Tensor tril(Tensor input, long diagonal = 0) => Ops.tril(input, diagonal);

    /// <summary>The upper triangle of matrices, 0 below the diagonal.</summary>
    public static Tensor triu(Tensor input, long diagonal = 0) => Ops.triu(input, diagonal);

    /// <summary>Each element repeated.</summary>
    public static Tensor repeat_interleave(Tensor input, long repeats, long? dim = null, long? output_size = null) =>
        Ops.repeat_interleave_self_int(input, repeats, dim, output_size);

    /// <summary>Each element repeated as often as said for it.</summary>
    public static Tensor repeat_interleave(Tensor input, Tensor repeats, long? dim = null, long? output_size = null) =>
        Ops.repeat_interleave_self_Tensor(input, repeats, dim, output_size);
}
