using TorchSharp.Modules;

namespace TorchSharp;

/// <summary>What stands beyond the edges of a padded tensor; the rows are libtorch's names.</summary>
public enum PaddingModes
{
    /// <summary>The same everywhere: zeros.</summary>
    Zeros = 0,
    /// <summary>The tensor again, mirrored at its edge.</summary>
    Reflect = 1,
    /// <summary>The value at the edge.</summary>
    Replicate = 2,
    /// <summary>The tensor again, from its other end.</summary>
    Circular = 3,
    /// <summary>One given value.</summary>
    Constant = 4,
}

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>What a loss makes of the losses of the elements.</summary>
        public enum Reduction : long
        {
            /// <summary>All of them.</summary>
            None = 0,
            /// <summary>Their mean.</summary>
            Mean = 1,
            /// <summary>Their sum.</summary>
            Sum = 2,
        }

        /// <summary>The functions behind the modules.</summary>
        public static partial class functional
        {
            /// <summary>x Wᵀ + b: <c>[..., inputs]</c>, <c>[outputs, inputs]</c>, <c>[outputs]</c>.</summary>
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => Ops.linear(input, weights, bias);

            /// <summary>Normalises the last dimensions to mean 0 and variance 1, then scales and shifts.</summary>
            public static Tensor layer_norm(Tensor input, long[] normalized_shape, Tensor? weight = null, Tensor? bias = null, double eps = 1E-05) =>
                Ops.layer_norm(input, normalized_shape, weight, bias, eps);

            /// <summary>Sets values to zero with probability <paramref name="p"/> and scales the others by 1/(1-p).</summary>
            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false)
            {
                if (!inplace) return Ops.dropout(input, p, training);
                Ops.dropout_(input, p, training);
                return input.alias();
            }

            /// <summary>x Φ(x).</summary>
            public static Tensor gelu(Tensor x) => x.gelu();

            /// <summary>x Φ(x).</summary>
            public static Tensor gelu(Tensor x, bool inplace) => gelu(x, Modules.GELU.Approximate.none, inplace);

            /// <summary>x Φ(x), or its approximation by a hyperbolic tangent.</summary>
            public static Tensor gelu(Tensor x, GELU.Approximate approximate, bool inplace = false) =>
                Result(x, x.gelu(approximate), inplace);

            /// <summary>max(0, x).</summary>
            public static Tensor relu(Tensor x, bool inplace = false) => Result(x, x.relu(), inplace);

            /// <summary>x σ(x).</summary>
            public static Tensor silu(Tensor x, bool inplace = false) => Result(x, x.silu(), inplace);

            /// <summary>1 / (1 + e⁻ˣ).</summary>
            public static Tensor sigmoid(Tensor x) => x.sigmoid();

            /// <summary>1 / (1 + e⁻ˣ).</summary>
            public static Tensor sigmoid(Tensor x, bool inplace) => Result(x, x.sigmoid(), inplace);

            /// <summary>The hyperbolic tangent.</summary>
            public static Tensor tanh(Tensor x, bool inplace = false) => Result(x, x.tanh(), inplace);

            /// <summary>log(σ(x)).</summary>
            public static Tensor logsigmoid(Tensor x) => Ops.log_sigmoid(x);

            /// <summary>log(1 + e^(beta x)) / beta, and x itself where beta x is above the threshold.</summary>
            public static Tensor softplus(Tensor x, double beta = 1, double threshold = 20) => x.softplus(beta, threshold);

            /// <summary>The softmax along a dimension.</summary>
            public static Tensor softmax(Tensor input, long dim, ScalarType? dtype = null) => input.softmax(dim, dtype);

            /// <summary>The logarithm of the softmax along a dimension.</summary>
            public static Tensor log_softmax(Tensor x, long dim) => x.log_softmax(dim);

            /// <summary>One where the index stands, zero elsewhere: <c>[...]</c> to int64 <c>[..., num_classes]</c>.</summary>
            public static Tensor one_hot(Tensor x, long num_classes = -1) => Ops.one_hot(x, num_classes);

            /// <summary>Divides by the p-norm along a dimension, or by <paramref name="eps"/> where that is larger.</summary>
            public static Tensor normalize(Tensor input, double p = 2, long dim = 1, double eps = 1E-12)
            {
                using var scope = NewDisposeScope();
                return input.div(input.norm((int)dim, true, (float)p).clamp_min(eps)).MoveToOuterDisposeScope();
            }

            /// <summary>The softmax attention of queries <c>[..., L, E]</c> over keys and values <c>[..., S, E]</c>.</summary>
            /// <param name="query">Queries.</param>
            /// <param name="key">Keys.</param>
            /// <param name="value">Values.</param>
            /// <param name="attn_mask">Boolean (true takes part) or added to the scores; it must broadcast to <c>[..., L, S]</c>.</param>
            /// <param name="p">Probability of dropout on the weights.</param>
            /// <param name="is_casual">Each query sees the keys up to its own position.</param>
            public static Tensor scaled_dot_product_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask = null, double p = 0, bool is_casual = false)
            {
                if (attn_mask is not null && is_casual)
                    throw new ArgumentException("scaled_dot_product_attention takes either a mask or is_casual, not both");
                if (!Native.TorchVersion.StartsWith("1.", StringComparison.Ordinal))
                    return Ops.scaled_dot_product_attention(query, key, value, attn_mask, p, is_casual);
                if (attn_mask is null && p == 0 && IsLong(query, key, value)) return TiledAttention(query, key, value, is_casual);
                using var scope = NewDisposeScope();
                var scores = query.matmul(key.transpose(-2, -1)).mul(1 / Math.Sqrt(query.size(-1)));
                if (is_casual) attn_mask = ones([query.size(-2), key.size(-2)], ScalarType.Bool, query.device).tril();
                if (attn_mask is not null)
                {
                    scores = attn_mask.dtype == ScalarType.Bool
                        ? scores.masked_fill(attn_mask.logical_not(), double.NegativeInfinity)
                        : scores.add(attn_mask);
                }
                var weights = scores.softmax(-1);
                // A query that may see no key gets zeros, as it does from the operator since libtorch 2.5.
                if (!is_casual && attn_mask?.dtype == ScalarType.Bool)
                    weights = weights.masked_fill(attn_mask.any(-1, true).logical_not(), 0);
                if (p > 0) weights = dropout(weights, p);
                return weights.matmul(value).MoveToOuterDisposeScope();
            }

            /// <summary>Whether scores <c>[L, L]</c> for each head are worth avoiding, and can be. The tiles have no second derivative.</summary>
            private static bool IsLong(Tensor query, Tensor key, Tensor value)
            {
                const int Long = 256;
                return query.ndim == 4 && query.size(2) >= Long && query.device.type == DeviceType.CPU
                    && query.dtype is (ScalarType.Float32 or ScalarType.Float64) && key.dtype == query.dtype && value.dtype == query.dtype
                    && key.shape.AsSpan().SequenceEqual(query.shape) && value.shape.AsSpan().SequenceEqual(query.shape);
            }

            /// <summary>Attention that never holds all scores: <c>[N, heads, L, E]</c> as N texts packed one after the other.</summary>
            private static Tensor TiledAttention(Tensor query, Tensor key, Tensor value, bool causal)
            {
                using var scope = NewDisposeScope();
                var (texts, heads, length, dim) = (query.size(0), query.size(1), query.size(2), query.size(3));
                var segments = new long[texts, 4];
                for (var k = 0; k < texts; k++) (segments[k, 0], segments[k, 1]) = (k * length, length);
                var result = Ops.packed_attention(Packed(query), Packed(key), Packed(value), tensor(segments), 1 / Math.Sqrt(dim), causal: causal);
                return result.view(texts, length, heads, dim).transpose(1, 2).MoveToOuterDisposeScope();

                Tensor Packed(Tensor x) => x.transpose(1, 2).reshape(texts * length, heads, dim);
            }

            private static Tensor Result(Tensor x, Tensor result, bool inplace)
            {
                if (!inplace) return result;
                x.copy_(result);
                result.Dispose();
                return x.alias();
            }
        }
    }
}
