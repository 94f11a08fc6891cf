using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>
/// Attention of one more token of each of several texts whose keys and values are kept: what generating text is made of.
/// Texts may have any lengths; one text's result does not depend on those beside it.
/// </summary>
public static class CachedAttention
{
    /// <summary>Whether there is a kernel for a tensor of queries: float32 and float64 on the CPU.</summary>
    /// <param name="q">The queries.</param>
    public static bool Takes(Tensor q) =>
#if TORCH_PACKAGE
        false;
#else
        q.device_type == DeviceType.CPU && q.dtype is ScalarType.Float32 or ScalarType.Float64;
#endif

    /// <summary>
    /// Writes each text's new key and value behind those it has, and lets its query attend to all of them. No gradients.
    /// </summary>
    /// <param name="q">Queries, <c>[texts, heads, dim]</c>.</param>
    /// <param name="k">New keys, <c>[texts, kv_heads, dim]</c>; <c>heads</c> is a multiple of <c>kv_heads</c>.</param>
    /// <param name="v">New values, <c>[texts, kv_heads, dim]</c>.</param>
    /// <param name="keys">Keys, <c>[rows, kv_heads, capacity, dim]</c>, contiguous; written to.</param>
    /// <param name="values">Values, alike.</param>
    /// <param name="places">
    /// int64 on the CPU, <c>[texts, 2]</c>: each text's row, and how many tokens it has; no row twice. Or <c>[texts, 4]</c>, where
    /// texts share the beginning of a row: the row, how many of its first tokens are the text's, the place in the row where the
    /// text's own tokens begin, and how many of them it has; no place twice.
    /// </param>
    /// <param name="scale">What the dot products are multiplied by, usually 1/√dim.</param>
    /// <param name="window">How many keys a query sees at most, its own included; 0: all.</param>
    /// <param name="softcap">Scores become softcap · tanh(score / softcap); 0: they stay.</param>
    /// <returns><c>[texts, heads, dim]</c>.</returns>
    public static Tensor Apply(
        Tensor q, Tensor k, Tensor v, Tensor keys, Tensor values, Tensor places, double scale, long window = 0, double softcap = 0) =>
#if TORCH_PACKAGE
        throw Provider.Lacks("Cached attention");
#else
        Ops.cached_attention_(q, k, v, keys, values, places, scale, window, softcap);
#endif
}
