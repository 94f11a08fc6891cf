using RewardKit.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>What every layer is told of the tokens at hand.</summary>
/// <param name="Cos">Cosines of their rotary angles.</param>
/// <param name="Sin">Sines of their rotary angles.</param>
/// <param name="Attention">Who attends to whom.</param>
internal sealed record Step(Tensor Cos, Tensor Sin, IAttention Attention);

/// <summary>
/// The decoder without a head: token embeddings, layers of attention and MLP around a residual stream, a final norm. It is
/// Llama's (Touvron et al. 2023, arXiv:2302.13971) with a knob in <see cref="ModelConfig"/> for each thing in which another
/// family differs. It works on tokens laid end to end, <c>[tokens, hidden]</c>, and knows neither padding nor batches.
/// </summary>
internal sealed class Decoder : Block
{
    private readonly Embedding _embeddings;
    private readonly Layer[] _layers;
    private readonly Norm _norm;
    private readonly RotaryAngles _angles;
    private readonly double _embeddingScale;

    public Decoder(ModelConfig config, ModelWeights weights) : base(weights)
    {
        _embeddings = Table(weights["embed_tokens"].Take("weight", Start.Normal, config.VocabSize, config.HiddenSize));
        register_module("embed_tokens", _embeddings);
        _layers = new Layer[config.NumHiddenLayers];
        for (var i = 0; i < _layers.Length; i++) _layers[i] = new Layer(config, i, weights["layers"][$"{i}"]);
        register_module("layers", nn.ModuleList(_layers));
        _norm = Part(new Norm(weights[config.Names.FinalNorm], config.HiddenSize, config));
        _angles = new RotaryAngles(config);
        _embeddingScale = config.ScaleEmbeddings ? Math.Sqrt(config.HiddenSize) : 1;
    }

    /// <summary>How many layers it has.</summary>
    public int Layers => _layers.Length;

    /// <summary>How many tokens it has run so far: what texts have cost.</summary>
    public long TokensRun { get; private set; }

    /// <summary>Whether layers are computed again in the backward pass.</summary>
    public bool KeepsInputsOnly { get; set; }

    /// <summary>The embedding matrix, <c>[vocab, hidden]</c>.</summary>
    public Parameter Embeddings => _embeddings.weight!;

    /// <summary>Gives the embedding matrix more rows.</summary>
    public void GrowVocabulary(long tokens) => _embeddings.weight = Grown(Embeddings, tokens);

    /// <summary>Final hidden states, <c>[tokens, hidden]</c>.</summary>
    /// <param name="tokens">Token ids, <c>[tokens]</c>, int64.</param>
    /// <param name="positions">Each token's place in its text, <c>[tokens]</c>, int64.</param>
    /// <param name="attention">Who attends to whom.</param>
    public Tensor Forward(Tensor tokens, Tensor positions, IAttention attention)
    {
        using var scope = NewDisposeScope();
        TokensRun += tokens.size(0);
        var (cos, sin) = _angles.At(positions);
        var step = new Step(cos, sin, attention);
        var x = _embeddings.call(tokens);
        // The factor is rounded to the weights' type, as in the families' own code.
        if (_embeddingScale != 1) x = x * tensor(_embeddingScale, dtype: x.dtype);
        foreach (var layer in _layers) x = KeepsInputsOnly ? Again(layer, x, step) : layer.Forward(x, step);
        return _norm.Forward(x).MoveToOuterDisposeScope();
    }

    // The angles go in as inputs: the second run comes after this pass's scope.
    private static Tensor Again(Layer layer, Tensor x, Step step) => RewardKit.Torch.Checkpoint.Run(
        inputs => [layer.Forward(inputs[0], step with { Cos = inputs[1], Sin = inputs[2] })], x, step.Cos, step.Sin)[0];

    protected override void Dispose(bool disposing)
    {
        if (disposing) _angles.Dispose();
        base.Dispose(disposing);
    }

    // nn.Embedding would draw a whole table of random numbers for nothing.
    private static Embedding Table(Parameter weight)
    {
        var table = nn.Embedding(1, 1);
        table.weight!.Dispose();
        table.weight = weight;
        return table;
    }
}

/// <summary>One layer: attention, then the MLP, each on the normed residual stream and added to it.</summary>
internal sealed class Layer : Block
{
    private readonly Norm _beforeAttention;
    private readonly Attention _attention;
    private readonly Norm? _afterAttention;
    private readonly Norm? _beforeMlp;
    private readonly Mlp _mlp;
    private readonly Norm? _afterMlp;

    public Layer(ModelConfig config, int index, ModelWeights weights) : base(weights)
    {
        _beforeAttention = Part(new Norm(weights["input_layernorm"], config.HiddenSize, config));
        _attention = Part(new Attention(config, index, weights["self_attn"]));
        // In Llama's layers the norm of this name is the one before the MLP.
        var between = If(!config.Parallel, "post_attention_layernorm");
        (_afterAttention, _beforeMlp) = config.PostNorms ? (between, If(true, "pre_feedforward_layernorm")) : (null, between);
        _mlp = Part(new Mlp(config, weights["mlp"]));
        _afterMlp = If(config.PostNorms, "post_feedforward_layernorm");

        Norm? If(bool there, string name) => there ? Part(new Norm(weights[name], config.HiddenSize, config)) : null;
    }

    public Tensor Forward(Tensor x, Step step)
    {
        // What autograd needs it keeps itself; the rest of a layer's tensors go with the layer.
        using var scope = NewDisposeScope();
        var normed = _beforeAttention.Forward(x);
        var attended = _attention.Forward(normed, step);
        x = x + (_afterAttention?.Forward(attended) ?? attended);
        // A parallel layer's MLP reads what its attention read.
        var transformed = _mlp.Forward(_beforeMlp?.Forward(x) ?? normed);
        x = x + (_afterMlp?.Forward(transformed) ?? transformed);
        return x.MoveToOuterDisposeScope();
    }
}

/// <summary>Grouped-query attention with rotary positions.</summary>
internal sealed class Attention : Block
{
    private readonly Projection _query;
    private readonly Projection _key;
    private readonly Projection _value;
    private readonly Projection _output;
    private readonly Norm? _queryNorm;
    private readonly Norm? _keyNorm;
    private readonly AttentionForm _form;
    private readonly int _headWidth;
    private readonly int _rotaryWidth;

    public Attention(ModelConfig config, int layer, ModelWeights weights) : base(weights)
    {
        (_headWidth, _rotaryWidth) = (config.HeadWidth, config.RotaryWidth);
        var (heads, keyHeads) = ((long)config.NumAttentionHeads * _headWidth, (long)config.NumKeyValueHeads * _headWidth);
        _query = Part(new Projection(weights["q_proj"], config.HiddenSize, heads, config.AttentionBias));
        _key = Part(new Projection(weights["k_proj"], config.HiddenSize, keyHeads, config.AttentionBias));
        _value = Part(new Projection(weights["v_proj"], config.HiddenSize, keyHeads, config.AttentionBias));
        _output = Part(new Projection(weights[config.Names.AttentionOutput], heads, config.HiddenSize, config.OutputBias));
        if (config.QueryKeyNorm)
        {
            _queryNorm = Part(new Norm(weights["q_norm"], _headWidth, config));
            _keyNorm = Part(new Norm(weights["k_norm"], _headWidth, config));
        }
        var window = config.Windows.Count > 0 ? config.Windows[layer] : 0;
        _form = new(layer, config.AttentionScale, window, config.AttentionSoftcap);
    }

    public Tensor Forward(Tensor x, Step step)
    {
        var q = Turned(Heads(_query, _queryNorm), step);
        var k = Turned(Heads(_key, _keyNorm), step);
        var attended = step.Attention.Attend(_form, q, k, Heads(_value, null));
        return _output.Forward(attended.view(x.shape[0], -1));

        Tensor Heads(Projection projection, Norm? norm)
        {
            var heads = projection.Forward(x).view(x.shape[0], -1, _headWidth);
            return norm?.Forward(heads) ?? heads;
        }
    }

    private Tensor Turned(Tensor heads, Step step)
    {
        if (_rotaryWidth == _headWidth) return Rotary.Apply(heads, step.Cos, step.Sin);
        var turning = Rotary.Apply(heads.narrow(2, 0, _rotaryWidth), step.Cos, step.Sin);
        return cat([turning, heads.narrow(2, _rotaryWidth, _headWidth - _rotaryWidth)], 2);
    }
}

/// <summary>The MLP: an activation between two projections, with or without a gate (Shazeer 2020, arXiv:2002.05202).</summary>
internal sealed class Mlp : Block
{
    private readonly Projection? _gate;
    private readonly Projection _up;
    private readonly Projection _down;
    private readonly Activation _activation;

    public Mlp(ModelConfig config, ModelWeights weights) : base(weights)
    {
        _activation = config.Activation;
        _gate = config.GatedMlp ? Part(new Projection(weights["gate_proj"], config.HiddenSize, config.IntermediateSize, config.MlpBias)) : null;
        _up = Part(new Projection(weights[config.Names.Up], config.HiddenSize, config.IntermediateSize, config.MlpBias));
        _down = Part(new Projection(weights[config.Names.Down], config.IntermediateSize, config.HiddenSize, config.MlpBias));
    }

    public Tensor Forward(Tensor x)
    {
        var up = _up.Forward(x);
        if (_gate is null) return _down.Forward(Activate(up));
        var gate = _gate.Forward(x);
        return _down.Forward(_activation == Activation.Silu ? SwiGlu.Apply(gate, up) : Activate(gate) * up);
    }

    private Tensor Activate(Tensor x) => _activation switch
    {
        Activation.Silu => x.silu(),
        Activation.GeluTanh => x.gelu(GELU.Approximate.tanh),
        _ => throw new NotSupportedException($"activation {_activation}"),
    };
}

/// <summary>A norm over the last dimension.</summary>
internal sealed class Norm : Block
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly NormKind _kind;
    private readonly double _eps;

    public Norm(ModelWeights weights, long width, ModelConfig config) : base(weights)
    {
        (_kind, _eps) = (config.Norm, config.RmsNormEps);
        _weight = Own(weights, "weight", _kind == NormKind.RmsOnePlus ? Start.Zeros : Start.Ones, width);
        _bias = _kind == NormKind.Layer ? Own(weights, "bias", Start.Zeros, width) : null;
    }

    public Tensor Forward(Tensor x) => _kind switch
    {
        NormKind.Rms => RmsNorm.Apply(x, _weight, _eps),
        // Gemma leaves the wider type after the gain, the others before it.
        NormKind.RmsOnePlus => RmsNorm.Apply(Wide(x), 1 + Wide(_weight), _eps).to_type(x.dtype),
        NormKind.Layer => nn.functional.layer_norm(x, [_weight.size(0)], _weight, _bias, _eps),
        _ => throw new NotSupportedException($"norm {_kind}"),
    };

    private static Tensor Wide(Tensor x) => x.dtype == ScalarType.Float64 ? x : x.to_type(ScalarType.Float32);
}
