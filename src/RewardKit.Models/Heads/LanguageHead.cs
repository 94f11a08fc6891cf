using RewardKit.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>The language-model head: what hidden states say of the next token.</summary>
internal sealed class LanguageHead : Block
{
    // Rows times vocabulary in memory at a time where the fused operator does not fit.
    private const long ChunkLogits = 1 << 22;

    private readonly Decoder _decoder;
    private readonly double _softcap;
    private Parameter? _weight;
    private Parameter? _bias;

    /// <summary>Takes its weights, none where it is the embedding matrix.</summary>
    public LanguageHead(ModelConfig config, ModelWeights weights, Decoder decoder) : base(weights)
    {
        _decoder = decoder;
        _weight = config.TieWordEmbeddings ? null : Own(weights, "weight", Start.Normal, config.VocabSize, config.HiddenSize);
        _bias = config.LanguageHeadBias ? Own(weights, "bias", Start.Zeros, config.VocabSize) : null;
        _softcap = config.LogitSoftcap;
    }

    private Parameter Weight => _weight ?? _decoder.Embeddings;

    /// <summary>Gives its own weights more rows.</summary>
    public void GrowVocabulary(long tokens)
    {
        if (_weight is not null) ConditionallyRegisterParameter("weight", _weight = Grown(_weight, tokens));
        if (_bias is not null) ConditionallyRegisterParameter("bias", _bias = Grown(_bias, tokens));
    }

    /// <summary>Scores of every token, <c>[rows, vocab]</c>.</summary>
    /// <param name="hidden">Final hidden states, <c>[rows, hidden]</c>.</param>
    public Tensor Logits(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return Capped(nn.functional.linear(hidden, Weight, _bias)).MoveToOuterDisposeScope();
    }

    /// <summary>Scores of a few tokens, <c>[rows, tokens]</c>, float32 or wider.</summary>
    /// <param name="hidden">Final hidden states, <c>[rows, hidden]</c>.</param>
    /// <param name="tokens">Token ids, <c>[tokens]</c>, int64.</param>
    public Tensor Logits(Tensor hidden, Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var weight = Wide(Weight.index_select(0, tokens));
        var bias = _bias is null ? null : Wide(_bias.index_select(0, tokens));
        return Capped(nn.functional.linear(Wide(hidden), weight, bias)).MoveToOuterDisposeScope();
    }

    /// <summary>Log-probabilities of given next tokens, <c>[rows]</c>, float32 or wider.</summary>
    /// <param name="hidden">Final hidden states, <c>[rows, hidden]</c>.</param>
    /// <param name="targets">Token ids, <c>[rows]</c>, int64.</param>
    public Tensor LogProbs(Tensor hidden, Tensor targets)
    {
        if (_bias is null && _softcap == 0) return TokenLogProbs.Apply(hidden, Weight, targets);
        using var scope = NewDisposeScope();
        var chunk = Math.Max(16, ChunkLogits / Weight.size(0));
        var parts = new List<Tensor>();
        for (long start = 0; start < hidden.size(0); start += chunk)
        {
            var rows = Math.Min(chunk, hidden.size(0) - start);
            // The logits are computed again in the backward pass, as the fused operator does.
            parts.Add(Torch.Checkpoint.Run(
                inputs => [Wide(Logits(inputs[0])).log_softmax(-1).gather(1, inputs[1].unsqueeze(1)).squeeze(1)],
                hidden.narrow(0, start, rows), targets.narrow(0, start, rows))[0]);
        }
        return cat(parts).MoveToOuterDisposeScope();
    }

    /// <summary>Log-probabilities of a few tokens as the next one, <c>[rows, tokens]</c>, float32 or wider.</summary>
    /// <param name="hidden">Final hidden states, <c>[rows, hidden]</c>.</param>
    /// <param name="tokens">Token ids, at least one.</param>
    public Tensor LogProbs(Tensor hidden, long[] tokens)
    {
        using var scope = NewDisposeScope();
        var first = LogProbs(hidden, full(hidden.size(0), tokens[0], dtype: ScalarType.Int64, device: hidden.device));
        // Their differences are those of the logits, which are computed wide: rounded to eight bits they would be rough.
        using var wide = Autocast.IsEnabled(hidden.device_type) ? Autocast.Disable(hidden.device_type) : null;
        var logits = Logits(hidden, tensor(tokens, device: hidden.device));
        return (logits - logits.narrow(1, 0, 1) + Wide(first).unsqueeze(1)).MoveToOuterDisposeScope();
    }

    private Tensor Capped(Tensor logits) => _softcap == 0 ? logits : logits.div(_softcap).tanh().mul(_softcap);

    private static Tensor Wide(Tensor x) => x.dtype == ScalarType.Float64 ? x : x.to_type(ScalarType.Float32);
}
