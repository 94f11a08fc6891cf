using System.Runtime.CompilerServices;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Applies a module, <c>t --&gt; m</c> in F#.</summary>
        [SpecialName]
        public static Tensor op_MinusMinusGreater(Tensor t, nn.Module<Tensor, Tensor> m) => m.call(t);

        /// <summary>Element by element: left + right.</summary>
        public static Tensor operator +(Tensor left, int right) => Ops.add_Scalar(left, (long)right);

        /// <summary>Element by element: left + right.</summary>
        public static Tensor operator +(int left, Tensor right) => Ops.add_Scalar(right, (long)left);

        /// <summary>Element by element: left + right.</summary>
        public static Tensor operator +(Tensor left, long right) => Ops.add_Scalar(left, right);

        /// <summary>Element by element: left + right.</summary>
        public static Tensor operator +(long left, Tensor right) => Ops.add_Scalar(right, left);

        /// <summary>Element by element: left + right.</summary>
        public static Tensor operator +(Tensor left, float right) => Ops.add_Scalar(left, (double)right);

        /// <summary>Element by element: left + right.</summary>
        public static Tensor operator +(float left, Tensor right) => Ops.add_Scalar(right, (double)left);

        /// <summary>Element by element: left + right.</summary>
        public static Tensor operator +(Tensor left, double right) => Ops.add_Scalar(left, right);

        /// <summary>Element by element: left + right.</summary>
        public static Tensor operator +(double left, Tensor right) => Ops.add_Scalar(right, left);

        /// <summary>Element by element: left + right.</summary>
        public static Tensor operator +(Tensor left, Scalar right) => Ops.add_Scalar(left, right);

        /// <summary>Element by element: left + right.</summary>
        public static Tensor operator +(Scalar left, Tensor right) => Ops.add_Scalar(right, left);

        /// <summary>Element by element: left + right.</summary>
        public static Tensor operator +(Tensor left, Tensor right) => Add(left, right);

        /// <summary>Element by element: left - right.</summary>
        public static Tensor operator -(Tensor left, int right) => Ops.sub_Scalar(left, (long)right);

        /// <summary>Element by element: left - right.</summary>
        public static Tensor operator -(int left, Tensor right) => Ops.rsub_Scalar(right, (long)left);

        /// <summary>Element by element: left - right.</summary>
        public static Tensor operator -(Tensor left, long right) => Ops.sub_Scalar(left, right);

        /// <summary>Element by element: left - right.</summary>
        public static Tensor operator -(long left, Tensor right) => Ops.rsub_Scalar(right, left);

        /// <summary>Element by element: left - right.</summary>
        public static Tensor operator -(Tensor left, float right) => Ops.sub_Scalar(left, (double)right);

        /// <summary>Element by element: left - right.</summary>
        public static Tensor operator -(float left, Tensor right) => Ops.rsub_Scalar(right, (double)left);

        /// <summary>Element by element: left - right.</summary>
        public static Tensor operator -(Tensor left, double right) => Ops.sub_Scalar(left, right);

        /// <summary>Element by element: left - right.</summary>
        public static Tensor operator -(double left, Tensor right) => Ops.rsub_Scalar(right, left);

        /// <summary>Element by element: left - right.</summary>
        public static Tensor operator -(Tensor left, Scalar right) => Ops.sub_Scalar(left, right);

        /// <summary>Element by element: left - right.</summary>
        public static Tensor operator -(Scalar left, Tensor right) => Ops.rsub_Scalar(right, left);

        /// <summary>Element by element: left - right.</summary>
        public static Tensor operator -(Tensor left, Tensor right) => Subtract(left, right);

        /// <summary>Element by element: left * right.</summary>
        public static Tensor operator *(Tensor left, int right) => Ops.mul_Scalar(left, (long)right);

        /// <summary>Element by element: left * right.</summary>
        public static Tensor operator *(int left, Tensor right) => Ops.mul_Scalar(right, (long)left);

        /// <summary>Element by element: left * right.</summary>
        public static Tensor operator *(Tensor left, long right) => Ops.mul_Scalar(left, right);

        /// <summary>Element by element: left * right.</summary>
        public static Tensor operator *(long left, Tensor right) => Ops.mul_Scalar(right, left);

        /// <summary>Element by element: left * right.</summary>
        public static Tensor operator *(Tensor left, float right) => Ops.mul_Scalar(left, (double)right);

        /// <summary>Element by element: left * right.</summary>
        public static Tensor operator *(float left, Tensor right) => Ops.mul_Scalar(right, (double)left);

        /// <summary>Element by element: left * right.</summary>
        public static Tensor operator *(Tensor left, double right) => Ops.mul_Scalar(left, right);

        /// <summary>Element by element: left * right.</summary>
        public static Tensor operator *(double left, Tensor right) => Ops.mul_Scalar(right, left);

        /// <summary>Element by element: left * right.</summary>
        public static Tensor operator *(Tensor left, Scalar right) => Ops.mul_Scalar(left, right);

        /// <summary>Element by element: left * right.</summary>
        public static Tensor operator *(Scalar left, Tensor right) => Ops.mul_Scalar(right, left);

        /// <summary>Element by element: left * right.</summary>
        public static Tensor operator *(Tensor left, Tensor right) => Multiply(left, right);

        /// <summary>Element by element: left / right.</summary>
        public static Tensor operator /(Tensor left, int right) => Ops.div_Scalar(left, (long)right);

        /// <summary>Element by element: left / right.</summary>
        public static Tensor operator /(int left, Tensor right) => Over((long)left, right);

        /// <summary>Element by element: left / right.</summary>
        public static Tensor operator /(Tensor left, long right) => Ops.div_Scalar(left, right);

        /// <summary>Element by element: left / right.</summary>
        public static Tensor operator /(long left, Tensor right) => Over(left, right);

        /// <summary>Element by element: left / right.</summary>
        public static Tensor operator /(Tensor left, float right) => Ops.div_Scalar(left, (double)right);

        /// <summary>Element by element: left / right.</summary>
        public static Tensor operator /(float left, Tensor right) => Over((double)left, right);

        /// <summary>Element by element: left / right.</summary>
        public static Tensor operator /(Tensor left, double right) => Ops.div_Scalar(left, right);

        /// <summary>Element by element: left / right.</summary>
        public static Tensor operator /(double left, Tensor right) => Over(left, right);

        /// <summary>Element by element: left / right.</summary>
        public static Tensor operator /(Tensor left, Scalar right) => Ops.div_Scalar(left, right);

        /// <summary>Element by element: left / right.</summary>
        public static Tensor operator /(Scalar left, Tensor right) => Over(left, right);

        /// <summary>Element by element: left / right.</summary>
        public static Tensor operator /(Tensor left, Tensor right) => Divide(left, right);

        /// <summary>The remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, int right) => Ops.remainder_Scalar(left, (long)right);

        /// <summary>The remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, long right) => Ops.remainder_Scalar(left, right);

        /// <summary>The remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, float right) => Ops.remainder_Scalar(left, (double)right);

        /// <summary>The remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, double right) => Ops.remainder_Scalar(left, right);

        /// <summary>The remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, Scalar right) => Ops.remainder_Scalar(left, right);

        /// <summary>The remainder with the sign of the divisor.</summary>
        public static Tensor operator %(Tensor left, Tensor right) => Ops.remainder_Tensor(left, right);

        /// <summary>The negatives.</summary>
        public static Tensor operator -(Tensor tensor) => Ops.neg(tensor);

        /// <summary>Not, bit by bit.</summary>
        public static Tensor operator ~(Tensor left) => Ops.bitwise_not(left);

        /// <summary>And, bit by bit.</summary>
        public static Tensor operator &(Tensor left, Tensor right) => Ops.bitwise_and_Tensor(left, right);

        /// <summary>Or, bit by bit.</summary>
        public static Tensor operator |(Tensor left, Tensor right) => Ops.bitwise_or_Tensor(left, right);

        /// <summary>Either-or, bit by bit.</summary>
        public static Tensor operator ^(Tensor left, Tensor right) => Ops.bitwise_xor_Tensor(left, right);

        /// <summary>A number over each element.</summary>
        private static Tensor Over(ScalarValue left, Tensor right)
        {
            using var inverse = Ops.reciprocal(right);
            return Ops.mul_Scalar(inverse, left);
        }
    }
}
