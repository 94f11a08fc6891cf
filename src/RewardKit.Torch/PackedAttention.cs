using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>
/// Attention over sequences that lie one after the other, without padding, where a sequence may continue another. A
/// preference pair is three segments: the prompt, and two responses whose prefix it is; so the prompt is computed once.
/// </summary>
public static class PackedAttention
{
    /// <summary>
    /// Each query attends to all keys of its segment's prefix and to its segment's keys up to its own position. Memory grows
    /// linearly with the tokens (arXiv:2307.08691).
    /// </summary>
    /// <param name="q">Queries, <c>[tokens, heads, dim]</c>.</param>
    /// <param name="k">Keys, <c>[tokens, kv_heads, dim]</c>; <c>heads</c> is a multiple of <c>kv_heads</c>.</param>
    /// <param name="v">Values, <c>[tokens, kv_heads, dim]</c>.</param>
    /// <param name="segments">
    /// int64 <c>[segments, 4]</c> on the CPU with rows (start, length, prefix start, prefix length). No token belongs to two
    /// segments; the result is zero for a token that belongs to none.
    /// </param>
    /// <param name="scale">What the dot products are multiplied by, usually 1/√dim.</param>
    /// <param name="window">How many keys a query sees at most, its own and the prefix's included (Mistral's sliding window, arXiv:2310.06825); 0: all.</param>
    /// <param name="softcap">Scores become softcap · tanh(score / softcap) (Gemma 2, arXiv:2408.00118); 0: they stay.</param>
    /// <returns><c>[tokens, heads, dim]</c>.</returns>
    public static Tensor Apply(Tensor q, Tensor k, Tensor v, Tensor segments, double scale, long window = 0, double softcap = 0) =>
#if TORCH_PACKAGE
        Reference(q, k, v, segments, scale, window, softcap);
#else
        Ops.packed_attention(q, k, v, segments, scale, window, softcap);
#endif

    /// <summary>The same by a masked softmax for each segment, in TorchSharp calls.</summary>
    internal static Tensor Reference(Tensor q, Tensor k, Tensor v, Tensor segments, double scale, long window = 0, double softcap = 0)
    {
        using var scope = NewDisposeScope();
        var group = q.size(1) / k.size(1);
        var rows = segments.data<long>().ToArray();
        var result = zeros_like(q);
        for (var at = 0; at < rows.Length; at += 4)
        {
            var (start, length, prefixStart, prefixLength) = (rows[at], rows[at + 1], rows[at + 2], rows[at + 3]);
            if (length == 0) continue;
            var queries = q.narrow(0, start, length).transpose(0, 1);
            var scores = queries.matmul(Keys(k).transpose(1, 2)).mul(scale);
            if (softcap > 0) scores = scores.div(softcap).tanh().mul(softcap);
            var all = ones([length, prefixLength + length], ScalarType.Bool, q.device);
            var hidden = all.triu(prefixLength + 1);
            if (window > 0) hidden = hidden.logical_or(all.tril(Math.Max(prefixLength - window, -length)));
            var attended = scores.masked_fill(hidden, double.NegativeInfinity).softmax(-1).matmul(Keys(v)).transpose(0, 1);
            var index = arange(start, start + length, ScalarType.Int64, q.device).view(-1, 1, 1).expand(length, q.size(1), q.size(2));
            result = result.scatter(0, index, attended);

            // [heads, prefix and own keys, dim]
            Tensor Keys(Tensor all) =>
                cat([all.narrow(0, prefixStart, prefixLength), all.narrow(0, start, length)]).repeat_interleave(group, 1).transpose(0, 1);
        }
        return result.MoveToOuterDisposeScope();
    }
}
