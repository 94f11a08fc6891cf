namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>left + right by the direct path.</summary>
        internal static Tensor Add(Tensor left, Tensor right) => Direct(0, left, right) ?? Ops.add_Tensor(left, right);

        /// <summary>left - right by the direct path.</summary>
        internal static Tensor Subtract(Tensor left, Tensor right) => Direct(1, left, right) ?? Ops.sub_Tensor(left, right);

        /// <summary>left * right by the direct path.</summary>
        internal static Tensor Multiply(Tensor left, Tensor right) => Direct(2, left, right) ?? Ops.mul_Tensor(left, right);

        /// <summary>left / right by the direct path.</summary>
        internal static Tensor Divide(Tensor left, Tensor right) => Direct(3, left, right) ?? Ops.div_Tensor(left, right);

        // Null where it cannot be done: the call by schema then fails with a message that describes the arguments.
        private static Tensor? Direct(int kind, Tensor left, Tensor right)
        {
            if (left is null || right is null || left._handle == 0 || right._handle == 0) return null;
            var result = Native.rk_arithmetic(kind, left._handle, right._handle);
            GC.KeepAlive(left);
            GC.KeepAlive(right);
            return result == 0 ? null : new Tensor(result);
        }
    }
}
