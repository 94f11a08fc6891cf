using RewardKit.Torch;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>What a layer asks of attention.</summary>
/// <param name="Layer">The layer's number, from 0.</param>
/// <param name="Scale">What the dot products are multiplied by.</param>
/// <param name="Window">How many keys a query sees at most, its own included; 0: all.</param>
/// <param name="Softcap">Scores s become c·tanh(s/c); 0: they stay.</param>
internal readonly record struct AttentionForm(int Layer, double Scale, int Window, double Softcap);

/// <summary>Who attends to whom: the decoder leaves it to whoever runs it.</summary>
internal interface IAttention
{
    /// <summary>Attention of one layer.</summary>
    /// <param name="form">What the layer asks for.</param>
    /// <param name="q">Queries of the step's tokens, turned already, <c>[tokens, heads, dim]</c>.</param>
    /// <param name="k">Keys of the step's tokens, turned already, <c>[tokens, kv_heads, dim]</c>.</param>
    /// <param name="v">Values of the step's tokens, <c>[tokens, kv_heads, dim]</c>.</param>
    /// <returns><c>[tokens, heads, dim]</c>.</returns>
    Tensor Attend(in AttentionForm form, Tensor q, Tensor k, Tensor v);
}

/// <summary>Whole texts laid end to end.</summary>
/// <param name="Segments">Which stretches attend to which: <see cref="PackedBatch.Segments"/>.</param>
internal sealed record PackedTexts(Tensor Segments) : IAttention
{
    public Tensor Attend(in AttentionForm form, Tensor q, Tensor k, Tensor v) =>
        PackedAttention.Apply(q, k, v, Segments, form.Scale, form.Window, form.Softcap);
}
