namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Which elements are equal.</summary>
        public Tensor eq(Scalar target) => Ops.eq_Scalar(this, target);

        /// <summary>Which elements are equal.</summary>
        public Tensor eq(Tensor target) => Ops.eq_Tensor(this, target);

        /// <summary>Which elements are different.</summary>
        public Tensor ne(Scalar target) => Ops.ne_Scalar(this, target);

        /// <summary>Which elements are different.</summary>
        public Tensor ne(Tensor target) => Ops.ne_Tensor(this, target);

        /// <summary>Which elements are less.</summary>
        public Tensor lt(Scalar target) => Ops.lt_Scalar(this, target);

        /// <summary>Which elements are less.</summary>
        public Tensor lt(Tensor target) => Ops.lt_Tensor(this, target);

        /// <summary>Which elements are less or equal.</summary>
        public Tensor le(Scalar target) => Ops.le_Scalar(this, target);

        /// <summary>Which elements are less or equal.</summary>
        public Tensor le(Tensor target) => Ops.le_Tensor(this, target);

        /// <summary>Which elements are greater.</summary>
        public Tensor gt(Scalar target) => Ops.gt_Scalar(this, target);

        /// <summary>Which elements are greater.</summary>
        public Tensor gt(Tensor target) => Ops.gt_Tensor(this, target);

        /// <summary>Which elements are greater or equal.</summary>
        public Tensor ge(Scalar target) => Ops.ge_Scalar(this, target);

        /// <summary>Which elements are greater or equal.</summary>
        public Tensor ge(Tensor target) => Ops.ge_Tensor(this, target);

        /// <summary>Which elements are equal.</summary>
        public Tensor equal(Tensor target) => Ops.eq_Tensor(this, target);

        /// <summary>Whether all elements are close: |this - target| &lt;= atol + rtol * |target|.</summary>
        public bool allclose(Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false) =>
            Ops.allclose(this, target, rtol, atol, equal_nan);

        /// <summary>Bit by bit.</summary>
        public Tensor bitwise_and(Tensor other) => Ops.bitwise_and_Tensor(this, other);

        /// <summary>Where both hold.</summary>
        public Tensor logical_and(Tensor other) => Ops.logical_and(this, other);

        /// <summary>Where one holds.</summary>
        public Tensor logical_or(Tensor other) => Ops.logical_or(this, other);
    }
}
