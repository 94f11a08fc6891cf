using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>Log-probabilities of given tokens under a language head, with the logits of a few rows in memory at a time.</summary>
public static class TokenLogProbs
{
    /// <summary>The logarithm of the softmax of hidden Wᵀ at each row's target; the backward pass computes the logits again.</summary>
    /// <param name="hidden"><c>[rows, hidden]</c>.</param>
    /// <param name="weight">The head, <c>[vocabulary, hidden]</c>.</param>
    /// <param name="targets">int64 <c>[rows]</c>, each below the size of the vocabulary.</param>
    /// <param name="chunk">Rows at a time; 0 chooses as many as make 16 MiB of logits.</param>
    /// <returns><c>[rows]</c>; float32, or float64 where <paramref name="hidden"/> is.</returns>
    public static Tensor Apply(Tensor hidden, Tensor weight, Tensor targets, int chunk = 0)
    {
        var rows = chunk > 0 ? chunk : Math.Max(16, (1L << 22) / Math.Max(1, weight.size(0)));
#if TORCH_PACKAGE
        return Reference(hidden, weight, targets, rows);
#else
        return Ops.token_log_probs(hidden, weight, targets, rows);
#endif
    }

    /// <summary>The same in TorchSharp calls; with gradients, the logits of all rows stay in memory.</summary>
    internal static Tensor Reference(Tensor hidden, Tensor weight, Tensor targets, long chunk)
    {
        using var scope = NewDisposeScope();
        var type = hidden.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32;
        var parts = new List<Tensor>();
        for (long start = 0; start < hidden.size(0); start += chunk)
        {
            var rows = Math.Min(chunk, hidden.size(0) - start);
            var logits = hidden.narrow(0, start, rows).matmul(weight.transpose(0, 1)).to_type(type);
            parts.Add(logits.log_softmax(-1).gather(1, targets.narrow(0, start, rows).unsqueeze(1)).squeeze(1));
        }
        var result = parts.Count > 0 ? cat(parts) : zeros(0, type, hidden.device);
        return result.MoveToOuterDisposeScope();
    }
}
