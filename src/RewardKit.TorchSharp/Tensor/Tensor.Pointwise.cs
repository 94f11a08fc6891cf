namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Absolute values.</summary>
        public Tensor abs() => Ops.abs(this);

        /// <summary>The negatives.</summary>
        public Tensor neg() => Ops.neg(this);

        /// <summary>e to each element.</summary>
        public Tensor exp() => Ops.exp(this);

        /// <summary>Natural logarithms.</summary>
        public Tensor log() => Ops.log(this);

        /// <summary>ln(1 + x), exact near 0.</summary>
        public Tensor log1p() => Ops.log1p(this);

        /// <summary>Square roots.</summary>
        public Tensor sqrt() => Ops.sqrt(this);

        /// <summary>1 / sqrt(x).</summary>
        public Tensor rsqrt() => Ops.rsqrt(this);

        /// <summary>1 / x.</summary>
        public Tensor reciprocal() => Ops.reciprocal(this);

        /// <summary>Sines.</summary>
        public Tensor sin() => Ops.sin(this);

        /// <summary>Cosines.</summary>
        public Tensor cos() => Ops.cos(this);

        /// <summary>Hyperbolic tangents.</summary>
        public Tensor tanh() => Ops.tanh(this);

        /// <summary>1 / (1 + exp(-x)).</summary>
        public Tensor sigmoid() => Ops.sigmoid(this);

        /// <summary>-1, 0 or 1.</summary>
        public Tensor sign() => Ops.sign(this);

        /// <summary>The error function.</summary>
        public Tensor erf() => Ops.erf(this);

        /// <summary>Rounded down.</summary>
        public Tensor floor() => Ops.floor(this);

        /// <summary>Rounded up.</summary>
        public Tensor ceil() => Ops.ceil(this);

        /// <summary>max(x, 0).</summary>
        public Tensor relu() => Ops.relu(this);

        /// <summary>x * sigmoid(x).</summary>
        public Tensor silu() => Ops.silu(this);

        /// <summary>Which elements are not numbers.</summary>
        public Tensor isnan() => Ops.isnan(this);

        /// <summary>Which elements are infinite.</summary>
        public Tensor isinf() => Ops.isinf(this);

        /// <summary>Which elements are finite.</summary>
        public Tensor isfinite() => Ops.isfinite(this);

        /// <summary>Which elements are 0.</summary>
        public Tensor logical_not() => Ops.logical_not(this);

        /// <summary>x * Phi(x), with the exact normal distribution.</summary>
        public Tensor gelu() => Ops.gelu(this);

        /// <summary>Rounded to a number of decimals, halves to even.</summary>
        public Tensor round(long decimals = 0) => decimals == 0 ? Ops.round(this) : Ops.round_decimals(this, decimals);

        /// <summary>log(1 + exp(beta x)) / beta, or x itself beyond the threshold.</summary>
        public Tensor softplus(double beta = 1, double threshold = 20) => Ops.softplus(this, beta, threshold);

        /// <summary>Element by element: this + scalar.</summary>
        public Tensor add(Scalar scalar) => Ops.add_Scalar(this, scalar);

        /// <summary>Element by element: this + alpha * scalar.</summary>
        public Tensor add(Scalar scalar, Scalar alpha) => Ops.add_Scalar(this, scalar, alpha);

        /// <summary>Element by element: this + target.</summary>
        public Tensor add(Tensor target) => Add(this, target);

        /// <summary>Element by element: this + alpha * target.</summary>
        public Tensor add(Tensor target, Scalar alpha) => Ops.add_Tensor(this, target, alpha);

        /// <summary>Element by element, into this tensor: this + scalar.</summary>
        public Tensor add_(Scalar scalar)
        {
            Ops.add__Scalar(this, scalar);
            return this;
        }

        /// <summary>Element by element, into this tensor: this + alpha * scalar.</summary>
        public Tensor add_(Scalar scalar, Scalar alpha)
        {
            Ops.add__Scalar(this, scalar, alpha);
            return this;
        }

        /// <summary>Element by element, into this tensor: this + target.</summary>
        public Tensor add_(Tensor target)
        {
            Ops.add__Tensor(this, target);
            return this;
        }

        /// <summary>Element by element, into this tensor: this + alpha * target.</summary>
        public Tensor add_(Tensor target, Scalar alpha)
        {
            Ops.add__Tensor(this, target, alpha);
            return this;
        }

        /// <summary>Element by element: this - target.</summary>
        public Tensor sub(Scalar target) => Ops.sub_Scalar(this, target);

        /// <summary>Element by element: this - target.</summary>
        public Tensor sub(Tensor target) => Subtract(this, target);

        /// <summary>Element by element, into this tensor: this - target.</summary>
        public Tensor sub_(Scalar target)
        {
            Ops.sub__Scalar(this, target);
            return this;
        }

        /// <summary>Element by element, into this tensor: this - target.</summary>
        public Tensor sub_(Tensor target)
        {
            Ops.sub__Tensor(this, target);
            return this;
        }

        /// <summary>Element by element: this * target.</summary>
        public Tensor mul(Scalar target) => Ops.mul_Scalar(this, target);

        /// <summary>Element by element: this * target.</summary>
        public Tensor mul(Tensor target) => Multiply(this, target);

        /// <summary>Element by element, into this tensor: this * target.</summary>
        public Tensor mul_(Scalar target)
        {
            Ops.mul__Scalar(this, target);
            return this;
        }

        /// <summary>Element by element, into this tensor: this * target.</summary>
        public Tensor mul_(Tensor target)
        {
            Ops.mul__Tensor(this, target);
            return this;
        }

        /// <summary>Element by element: this / target, rounded as said.</summary>
        public Tensor div(Scalar target, RoundingMode rounding_mode = RoundingMode.None) =>
            rounding_mode == RoundingMode.None ? Ops.div_Scalar(this, target) : Ops.div_Scalar_mode(this, target, Mode(rounding_mode));

        /// <summary>Element by element: this / target, rounded as said.</summary>
        public Tensor div(Tensor target, RoundingMode rounding_mode = RoundingMode.None) =>
            rounding_mode == RoundingMode.None ? Ops.div_Tensor(this, target) : Ops.div_Tensor_mode(this, target, Mode(rounding_mode));

        /// <summary>Element by element, into this tensor: this / target, rounded as said.</summary>
        public Tensor div_(Scalar target, RoundingMode rounding_mode = RoundingMode.None)
        {
            if (rounding_mode == RoundingMode.None) Ops.div__Scalar(this, target);
            else Ops.div__Scalar_mode(this, target, Mode(rounding_mode));
            return this;
        }

        /// <summary>Element by element, into this tensor: this / target, rounded as said.</summary>
        public Tensor div_(Tensor target, RoundingMode rounding_mode = RoundingMode.None)
        {
            if (rounding_mode == RoundingMode.None) Ops.div__Tensor(this, target);
            else Ops.div__Tensor_mode(this, target, Mode(rounding_mode));
            return this;
        }

        /// <summary>The name that libtorch has for a rounding mode.</summary>
        private static string Mode(RoundingMode mode) => mode == RoundingMode.floor ? "floor" : "trunc";

        /// <summary>this + tensor1 / tensor2.</summary>
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2) => Ops.addcdiv(this, tensor1, tensor2);

        /// <summary>this + value * tensor1 / tensor2.</summary>
        public Tensor addcdiv(Tensor tensor1, Tensor tensor2, Scalar value) => Ops.addcdiv(this, tensor1, tensor2, value);

        /// <summary>this + value * tensor1 * tensor2.</summary>
        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) => Ops.addcmul(this, tensor1, tensor2, value);

        /// <summary>this + weight * (end - this).</summary>
        public Tensor lerp(Tensor end, Tensor weight) => Ops.lerp_Tensor(this, end, weight);

        /// <summary>Kept between the bounds.</summary>
        public Tensor clamp(Scalar? min = null, Scalar? max = null) => Ops.clamp(this, min?.Value, max?.Value);

        /// <summary>Kept between the bounds.</summary>
        public Tensor clamp(Tensor? min = null, Tensor? max = null) => Ops.clamp_Tensor(this, min, max);

        /// <summary>Each element to the exponent.</summary>
        public Tensor pow(Scalar exponent) => Ops.pow_Tensor_Scalar(this, exponent);

        /// <summary>Each element to the exponent.</summary>
        public Tensor pow(Tensor exponent) => Ops.pow_Tensor_Tensor(this, exponent);

        /// <summary>this + tensor1 / tensor2, into this tensor.</summary>
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2)
        {
            Ops.addcdiv_(this, tensor1, tensor2);
            return this;
        }

        /// <summary>this + value * tensor1 / tensor2, into this tensor.</summary>
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value)
        {
            Ops.addcdiv_(this, tensor1, tensor2, value);
            return this;
        }

        /// <summary>this + value * tensor1 * tensor2, into this tensor.</summary>
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value)
        {
            Ops.addcmul_(this, tensor1, tensor2, value);
            return this;
        }

        /// <summary>this + weight * (end - this), into this tensor.</summary>
        public Tensor lerp_(Tensor end, Tensor weight)
        {
            Ops.lerp__Tensor(this, end, weight);
            return this;
        }

        /// <summary>Kept between the bounds, into this tensor.</summary>
        public Tensor clamp_(Scalar? min = null, Scalar? max = null)
        {
            Ops.clamp_(this, min?.Value, max?.Value);
            return this;
        }

        /// <summary>Kept between the bounds, into this tensor.</summary>
        public Tensor clamp_(Tensor? min = null, Tensor? max = null)
        {
            Ops.clamp__Tensor(this, min, max);
            return this;
        }

        /// <summary>Each element to the exponent, into this tensor.</summary>
        public Tensor pow_(Scalar exponent)
        {
            Ops.pow__Scalar(this, exponent);
            return this;
        }

        /// <summary>Each element to the exponent, into this tensor.</summary>
        public Tensor pow_(Tensor exponent)
        {
            Ops.pow__Tensor(this, exponent);
            return this;
        }

        /// <summary>At least min.</summary>
        public Tensor clamp_min(Scalar min) => Ops.clamp_min(this, min);

        /// <summary>At most max.</summary>
        public Tensor clamp_max(Scalar max) => Ops.clamp_max(this, max);

        /// <summary>The remainder with the sign of the divisor.</summary>
        public Tensor remainder(Scalar scalar) => Ops.remainder_Scalar(this, scalar);

        /// <summary>The remainder with the sign of the divisor.</summary>
        public Tensor remainder(Tensor target) => Ops.remainder_Tensor(this, target);

        /// <summary>The larger of both, element by element.</summary>
        public Tensor maximum(Tensor other) => Ops.maximum(this, other);

        /// <summary>The smaller of both, element by element.</summary>
        public Tensor minimum(Tensor other) => Ops.minimum(this, other);

        /// <summary>This tensor where the condition holds, y elsewhere.</summary>
        public Tensor where(Tensor condition, Tensor y) => Ops.where_self(condition, this, y);

        /// <summary>Every element becomes the value.</summary>
        public Tensor fill_(Scalar value)
        {
            Ops.fill__Scalar(this, value);
            return this;
        }

        /// <summary>Every element becomes 0.</summary>
        public Tensor zero_()
        {
            Ops.zero_(this);
            return this;
        }

        /// <summary>Takes over the elements of another tensor, converted and broadcast.</summary>
        public Tensor copy_(Tensor source, bool nonBlocking = false)
        {
            Ops.copy_(this, source, nonBlocking);
            return this;
        }
    }
}
