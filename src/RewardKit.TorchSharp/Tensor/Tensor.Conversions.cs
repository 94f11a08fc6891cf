namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Element by element: left == right.</summary>
        public static Tensor operator ==(Tensor left, Scalar right) => Ops.eq_Scalar(left, right);

        /// <summary>Element by element: left == right.</summary>
        public static Tensor operator ==(Scalar left, Tensor right) => Ops.eq_Scalar(right, left);

        /// <summary>Element by element: left == right.</summary>
        public static Tensor operator ==(Tensor left, Tensor right) => Ops.eq_Tensor(left, right);

        /// <summary>Element by element: left != right.</summary>
        public static Tensor operator !=(Tensor left, Scalar right) => Ops.ne_Scalar(left, right);

        /// <summary>Element by element: left != right.</summary>
        public static Tensor operator !=(Scalar left, Tensor right) => Ops.ne_Scalar(right, left);

        /// <summary>Element by element: left != right.</summary>
        public static Tensor operator !=(Tensor left, Tensor right) => Ops.ne_Tensor(left, right);

        /// <summary>Element by element: left &lt; right.</summary>
        public static Tensor operator <(Tensor left, Scalar right) => Ops.lt_Scalar(left, right);

        /// <summary>Element by element: left &lt; right.</summary>
        public static Tensor operator <(Scalar left, Tensor right) => Ops.gt_Scalar(right, left);

        /// <summary>Element by element: left &lt; right.</summary>
        public static Tensor operator <(Tensor left, Tensor right) => Ops.lt_Tensor(left, right);

        /// <summary>Element by element: left &lt;= right.</summary>
        public static Tensor operator <=(Tensor left, Scalar right) => Ops.le_Scalar(left, right);

        /// <summary>Element by element: left &lt;= right.</summary>
        public static Tensor operator <=(Scalar left, Tensor right) => Ops.ge_Scalar(right, left);

        /// <summary>Element by element: left &lt;= right.</summary>
        public static Tensor operator <=(Tensor left, Tensor right) => Ops.le_Tensor(left, right);

        /// <summary>Element by element: left &gt; right.</summary>
        public static Tensor operator >(Tensor left, Scalar right) => Ops.gt_Scalar(left, right);

        /// <summary>Element by element: left &gt; right.</summary>
        public static Tensor operator >(Scalar left, Tensor right) => Ops.lt_Scalar(right, left);

        /// <summary>Element by element: left &gt; right.</summary>
        public static Tensor operator >(Tensor left, Tensor right) => Ops.gt_Tensor(left, right);

        /// <summary>Element by element: left &gt;= right.</summary>
        public static Tensor operator >=(Tensor left, Scalar right) => Ops.ge_Scalar(left, right);

        /// <summary>Element by element: left &gt;= right.</summary>
        public static Tensor operator >=(Scalar left, Tensor right) => Ops.le_Scalar(right, left);

        /// <summary>Element by element: left &gt;= right.</summary>
        public static Tensor operator >=(Tensor left, Tensor right) => Ops.ge_Tensor(left, right);

        /// <summary>The one element, converted.</summary>
        public static explicit operator int(Tensor value) => (int)value.SingleElement().ToLong();

        /// <summary>The one element, converted.</summary>
        public static explicit operator byte(Tensor value) => (byte)value.SingleElement().ToLong();

        /// <summary>The one element, converted.</summary>
        public static explicit operator long(Tensor value) => value.SingleElement().ToLong();

        /// <summary>The one element, converted.</summary>
        public static explicit operator bool(Tensor value) => value.SingleElement().ToDouble() != 0;

        /// <summary>The one element, converted.</summary>
        public static explicit operator float(Tensor value) => (float)value.SingleElement().ToDouble();

        /// <summary>The one element, converted.</summary>
        public static explicit operator sbyte(Tensor value) => (sbyte)value.SingleElement().ToLong();

        /// <summary>The one element, converted.</summary>
        public static explicit operator short(Tensor value) => (short)value.SingleElement().ToLong();

        /// <summary>The one element, converted.</summary>
        public static explicit operator double(Tensor value) => value.SingleElement().ToDouble();

        /// <summary>A tensor without dimensions.</summary>
        public static implicit operator Tensor(int value) => Make<int>([value], [], null, null, false, null);

        /// <summary>A vector with a copy of the values.</summary>
        public static implicit operator Tensor(int[] value) => Make<int>(value, [value.Length], null, null, false, null);

        /// <summary>A tensor without dimensions.</summary>
        public static implicit operator Tensor(byte value) => Make<byte>([value], [], null, null, false, null);

        /// <summary>A vector with a copy of the values.</summary>
        public static implicit operator Tensor(byte[] value) => Make<byte>(value, [value.Length], null, null, false, null);

        /// <summary>A tensor without dimensions.</summary>
        public static implicit operator Tensor(long value) => Make<long>([value], [], null, null, false, null);

        /// <summary>A vector with a copy of the values.</summary>
        public static implicit operator Tensor(long[] value) => Make<long>(value, [value.Length], null, null, false, null);

        /// <summary>A tensor without dimensions.</summary>
        public static implicit operator Tensor(bool value) => Make<bool>([value], [], null, null, false, null);

        /// <summary>A vector with a copy of the values.</summary>
        public static implicit operator Tensor(bool[] value) => Make<bool>(value, [value.Length], null, null, false, null);

        /// <summary>A tensor without dimensions.</summary>
        public static implicit operator Tensor(sbyte value) => Make<sbyte>([value], [], null, null, false, null);

        /// <summary>A vector with a copy of the values.</summary>
        public static implicit operator Tensor(sbyte[] value) => Make<sbyte>(value, [value.Length], null, null, false, null);

        /// <summary>A tensor without dimensions.</summary>
        public static implicit operator Tensor(short value) => Make<short>([value], [], null, null, false, null);

        /// <summary>A vector with a copy of the values.</summary>
        public static implicit operator Tensor(short[] value) => Make<short>(value, [value.Length], null, null, false, null);

        /// <summary>A tensor without dimensions.</summary>
        public static implicit operator Tensor(float value) => Make<float>([value], [], null, null, false, null);

        /// <summary>A vector with a copy of the values.</summary>
        public static implicit operator Tensor(float[] value) => Make<float>(value, [value.Length], null, null, false, null);

        /// <summary>A tensor without dimensions.</summary>
        public static implicit operator Tensor(double value) => Make<double>([value], [], null, null, false, null);

        /// <summary>A vector with a copy of the values.</summary>
        public static implicit operator Tensor(double[] value) => Make<double>(value, [value.Length], null, null, false, null);

        /// <summary>A tensor without dimensions, of the type of the number.</summary>
        public static implicit operator Tensor(Scalar scalar) => Ops.scalar_tensor(scalar, scalar.Type);
    }
}
