using RewardKit.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models.Llama;

/// <summary>What the layers need to know of how texts are packed.</summary>
/// <param name="Cos">Cosines of the rotary angles, <c>[tokens, head_dim / 2]</c>.</param>
/// <param name="Sin">Sines of the rotary angles, <c>[tokens, head_dim / 2]</c>.</param>
/// <param name="Segments">Who attends to whom: <see cref="PackedBatch.Segments"/>.</param>
internal sealed record Packing(Tensor Cos, Tensor Sin, Tensor Segments);

/// <summary>
/// The Llama decoder without a head (Touvron et al. 2023, arXiv:2302.13971): token embeddings, layers of attention and
/// gated MLP around a residual stream, a final norm. Works on packed texts, <c>[tokens, hidden]</c>, without padding.
/// Field names are Hugging Face's parameter names.
/// </summary>
internal sealed class LlamaModel : nn.Module<PackedBatch, Tensor>
{
    private readonly Embedding embed_tokens;
    private readonly ModuleList<LlamaLayer> layers;
    private readonly LlamaNorm norm;

    public LlamaModel(ModelConfig config) : base(nameof(LlamaModel))
    {
        embed_tokens = nn.Embedding(config.VocabSize, config.HiddenSize);
        layers = nn.ModuleList([.. Enumerable.Range(0, config.NumHiddenLayers).Select(_ => new LlamaLayer(config))]);
        norm = new LlamaNorm(config);
        RegisterComponents();
        register_buffer("inv_freq", tensor(RotaryFrequencies.Of(config)), persistent: false);
    }

    /// <summary>The embedding matrix, <c>[vocab, hidden]</c>.</summary>
    public Parameter Embeddings => embed_tokens.weight!;

    /// <summary>Final hidden states, <c>[tokens, hidden]</c>.</summary>
    public override Tensor forward(PackedBatch batch)
    {
        using var scope = NewDisposeScope();
        var angles = outer(batch.Positions.to(ScalarType.Float32), get_buffer("inv_freq")!);
        var packing = new Packing(angles.cos(), angles.sin(), batch.Segments);
        var x = embed_tokens.call(batch.TokenIds);
        foreach (var layer in layers) x = layer.call(x, packing);
        return norm.call(x).MoveToOuterDisposeScope();
    }
}

/// <summary>One layer: attention, then the MLP, each on the normed residual stream and added to it.</summary>
internal sealed class LlamaLayer : nn.Module<Tensor, Packing, Tensor>
{
    private readonly LlamaNorm input_layernorm;
    private readonly LlamaAttention self_attn;
    private readonly LlamaNorm post_attention_layernorm;
    private readonly LlamaMlp mlp;

    public LlamaLayer(ModelConfig config) : base(nameof(LlamaLayer))
    {
        input_layernorm = new(config);
        self_attn = new(config);
        post_attention_layernorm = new(config);
        mlp = new(config);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x, Packing packing)
    {
        // What autograd needs it keeps itself; the rest of a layer's tensors go with the layer.
        using var scope = NewDisposeScope();
        x = x + self_attn.call(input_layernorm.call(x), packing);
        x = x + mlp.call(post_attention_layernorm.call(x));
        return x.MoveToOuterDisposeScope();
    }
}

/// <summary>Grouped-query attention with rotary positions.</summary>
internal sealed class LlamaAttention : nn.Module<Tensor, Packing, Tensor>
{
    private readonly Linear q_proj;
    private readonly Linear k_proj;
    private readonly Linear v_proj;
    private readonly Linear o_proj;
    private readonly int _headWidth;

    public LlamaAttention(ModelConfig config) : base(nameof(LlamaAttention))
    {
        _headWidth = config.HeadWidth;
        q_proj = Layers.Linear(config.HiddenSize, config.NumAttentionHeads * _headWidth);
        k_proj = Layers.Linear(config.HiddenSize, config.NumKeyValueHeads * _headWidth);
        v_proj = Layers.Linear(config.HiddenSize, config.NumKeyValueHeads * _headWidth);
        o_proj = Layers.Linear(config.NumAttentionHeads * _headWidth, config.HiddenSize);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x, Packing packing)
    {
        var tokens = x.shape[0];
        var q = Rotary.Apply(q_proj.call(x).view(tokens, -1, _headWidth), packing.Cos, packing.Sin);
        var k = Rotary.Apply(k_proj.call(x).view(tokens, -1, _headWidth), packing.Cos, packing.Sin);
        var v = v_proj.call(x).view(tokens, -1, _headWidth);
        var attended = PackedAttention.Apply(q, k, v, packing.Segments, 1 / Math.Sqrt(_headWidth));
        return o_proj.call(attended.view(tokens, -1));
    }
}

/// <summary>The gated MLP (SwiGLU: Shazeer 2020, arXiv:2002.05202).</summary>
internal sealed class LlamaMlp : nn.Module<Tensor, Tensor>
{
    private readonly Linear gate_proj;
    private readonly Linear up_proj;
    private readonly Linear down_proj;

    public LlamaMlp(ModelConfig config) : base(nameof(LlamaMlp))
    {
        gate_proj = Layers.Linear(config.HiddenSize, config.IntermediateSize);
        up_proj = Layers.Linear(config.HiddenSize, config.IntermediateSize);
        down_proj = Layers.Linear(config.IntermediateSize, config.HiddenSize);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => down_proj.call(SwiGlu.Apply(gate_proj.call(x), up_proj.call(x)));
}

/// <summary>Root-mean-square norm with a gain (Zhang and Sennrich 2019, arXiv:1910.07467).</summary>
internal sealed class LlamaNorm : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly double _eps;

    public LlamaNorm(ModelConfig config) : base(nameof(LlamaNorm))
    {
        weight = nn.Parameter(ones(config.HiddenSize));
        _eps = config.RmsNormEps;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => RmsNorm.Apply(x, weight, _eps);
}

/// <summary>Layers whose weights are set afterwards.</summary>
internal static class Layers
{
    /// <summary>A linear layer with unset weights: <c>nn.Linear(in, out)</c> would draw random ones for nothing.</summary>
    public static Linear Linear(long inputs, long outputs, bool bias = false) =>
        nn.Linear(nn.Parameter(empty(outputs, inputs)), bias ? nn.Parameter(zeros(outputs)) : null);
}
