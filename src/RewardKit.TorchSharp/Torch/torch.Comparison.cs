namespace TorchSharp;

public static partial class torch
{
    /// <summary>Which elements are equal.</summary>
    public static Tensor eq(Tensor left, Tensor right) => Ops.eq_Tensor(left, right);

    /// <summary>Which elements are equal.</summary>
    public static Tensor equal(Tensor tensor, Tensor target) => Ops.eq_Tensor(tensor, target);

    /// <summary>Whether all elements are close: |tensor - target| &lt;= atol + rtol * |target|.</summary>
    public static bool allclose(Tensor tensor, Tensor target, double rtol = 1e-05, double atol = 1e-08, bool equal_nan = false) =>
        Ops.allclose(tensor, target, rtol, atol, equal_nan);
}
