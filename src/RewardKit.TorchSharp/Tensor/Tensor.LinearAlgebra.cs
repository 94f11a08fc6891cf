namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>beta * this + alpha * mat1 mat2.</summary>
        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1f, float alpha = 1f) => Ops.addmm(this, mat1, mat2, (double)beta, (double)alpha);

        /// <summary>The product of two matrices.</summary>
        public Tensor mm(Tensor target) => Ops.mm(this, target);

        /// <summary>The product of matrices, vectors or batches of them.</summary>
        public Tensor matmul(Tensor target) => Ops.matmul(this, target);

        /// <summary>The products of two batches of matrices.</summary>
        public Tensor bmm(Tensor batch2) => Ops.bmm(this, batch2);

        /// <summary>Every product of two elements of two vectors.</summary>
        public Tensor outer(Tensor vec2) => Ops.outer(this, vec2);

        /// <summary>The product of a matrix and a vector.</summary>
        public Tensor mv(Tensor target) => Ops.mv(this, target);

        /// <summary>The inner product of two vectors.</summary>
        public Tensor dot(Tensor target) => Ops.dot(this, target);
    }
}
