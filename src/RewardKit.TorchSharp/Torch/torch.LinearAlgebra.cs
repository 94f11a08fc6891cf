namespace TorchSharp;

public static partial class torch
{
    /// <summary>The product of two matrices.</summary>
    public static Tensor mm(Tensor input, Tensor target) => Ops.mm(input, target);

    /// <summary>The product of matrices, vectors or batches of them.</summary>
    public static Tensor matmul(Tensor input, Tensor target) => Ops.matmul(input, target);

    /// <summary>The products of two batches of matrices.</summary>
    public static Tensor bmm(Tensor input, Tensor batch2) => Ops.bmm(input, batch2);

    /// <summary>Every product of two elements of two vectors.</summary>
    public static Tensor outer(Tensor input, Tensor vec2) => Ops.outer(input, vec2);

    /// <summary>Products and sums over indices, as Einstein wrote them: "ij,jk-&gt;ik".</summary>
    public static Tensor einsum(string equation, params Tensor[] tensors) => Ops.einsum(equation, tensors);

    /// <summary>Complex numbers from lengths and angles.</summary>
    public static Tensor polar(Tensor abs, Tensor angle) => Ops.polar(abs, angle);
}
