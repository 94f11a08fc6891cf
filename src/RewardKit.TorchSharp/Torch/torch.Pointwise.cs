namespace TorchSharp;

public static partial class torch
{
    /// <summary>Absolute values.</summary>
    public static Tensor abs(Tensor input) => Ops.abs(input);

    /// <summary>The negatives.</summary>
    public static Tensor neg(Tensor input) => Ops.neg(input);

    /// <summary>e to each element.</summary>
    public static Tensor exp(Tensor input) => Ops.exp(input);

    /// <summary>Natural logarithms.</summary>
    public static Tensor log(Tensor input) => Ops.log(input);

    /// <summary>ln(1 + x), exact near 0.</summary>
    public static Tensor log1p(Tensor input) => Ops.log1p(input);

    /// <summary>Square roots.</summary>
    public static Tensor sqrt(Tensor input) => Ops.sqrt(input);

    /// <summary>1 / sqrt(x).</summary>
    public static Tensor rsqrt(Tensor input) => Ops.rsqrt(input);

    /// <summary>Sines.</summary>
    public static Tensor sin(Tensor input) => Ops.sin(input);

    /// <summary>Cosines.</summary>
    public static Tensor cos(Tensor input) => Ops.cos(input);

    /// <summary>Hyperbolic tangents.</summary>
    public static Tensor tanh(Tensor input) => Ops.tanh(input);

    /// <summary>1 / (1 + exp(-x)).</summary>
    public static Tensor sigmoid(Tensor input) => Ops.sigmoid(input);

    /// <summary>-1, 0 or 1.</summary>
    public static Tensor sign(Tensor input) => Ops.sign(input);

    /// <summary>Which elements are not numbers.</summary>
    public static Tensor isnan(Tensor input) => Ops.isnan(input);

    /// <summary>Which elements are infinite.</summary>
    public static Tensor isinf(Tensor tensor) => Ops.isinf(tensor);

    /// <summary>Which elements are finite.</summary>
    public static Tensor isfinite(Tensor tensor) => Ops.isfinite(tensor);

    /// <summary>Element by element: left + right.</summary>
    public static Tensor add(Tensor left, Scalar right) => Ops.add_Scalar(left, right);

    /// <summary>Element by element: left + alpha * right.</summary>
    public static Tensor add(Tensor left, Scalar right, Scalar alpha) => Ops.add_Scalar(left, right, alpha);

    /// <summary>Element by element: left + right.</summary>
    public static Tensor add(Tensor left, Tensor right) => Tensor.Add(left, right);

    /// <summary>Element by element: left + alpha * right.</summary>
    public static Tensor add(Tensor left, Tensor right, Scalar alpha) => Ops.add_Tensor(left, right, alpha);

    /// <summary>Element by element: left - right.</summary>
    public static Tensor sub(Tensor left, Scalar right) => Ops.sub_Scalar(left, right);

    /// <summary>Element by element: left - right.</summary>
    public static Tensor sub(Tensor left, Tensor right) => Tensor.Subtract(left, right);

    /// <summary>Element by element: left * right.</summary>
    public static Tensor mul(Tensor left, Scalar right) => Ops.mul_Scalar(left, right);

    /// <summary>Element by element: left * right.</summary>
    public static Tensor mul(Tensor left, Tensor right) => Tensor.Multiply(left, right);

    /// <summary>Element by element: left / right, rounded as said.</summary>
    public static Tensor div(Tensor left, Scalar right, RoundingMode rounding_mode = RoundingMode.None) => left.div(right, rounding_mode);

    /// <summary>Element by element: left / right, rounded as said.</summary>
    public static Tensor div(Tensor left, Tensor right, RoundingMode rounding_mode = RoundingMode.None) => left.div(right, rounding_mode);

    /// <summary>Kept between the bounds.</summary>
    public static Tensor clamp(Tensor input, Scalar? min = null, Scalar? max = null) => input.clamp(min, max);

    /// <summary>Each element to the exponent.</summary>
    public static Tensor pow(Tensor left, Scalar exponent) => left.pow(exponent);

    /// <summary>Kept between the bounds.</summary>
    public static Tensor clamp(Tensor input, Tensor? min = null, Tensor? max = null) => input.clamp(min, max);

    /// <summary>Each element to the exponent.</summary>
    public static Tensor pow(Tensor left, Tensor exponent) => left.pow(exponent);

    /// <summary>At least min.</summary>
    public static Tensor clamp_min(Tensor input, Scalar min) => Ops.clamp_min(input, min);

    /// <summary>The larger of both, element by element.</summary>
    public static Tensor maximum(Tensor input, Tensor other) => Ops.maximum(input, other);

    /// <summary>The smaller of both, element by element.</summary>
    public static Tensor minimum(Tensor input, Tensor other) => Ops.minimum(input, other);

    /// <summary>x where the condition holds, y elsewhere.</summary>
    public static Tensor where(Tensor condition, Tensor x, Tensor y) => Ops.where_self(condition, x, y);

    /// <summary>The indices of the elements that are not 0, one tensor per dimension.</summary>
    public static Tensor[] where(Tensor condition) => Ops.where(condition);
}
