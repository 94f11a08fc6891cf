using System.ComponentModel.DataAnnotations;
using RewardKit.Plugins.Decoding;

namespace RewardKit.Plugins.ControlledDecoding;

/// <summary>Options of the decoder <c>controlled</c>. λ is said with the request.</summary>
[PluginOptions]
public sealed record ControlledOptions
{
    /// <summary>How many of the base's most probable tokens come into question; 0: the whole vocabulary, as the rule says, and a pass for each token of it.</summary>
    [Range(0, int.MaxValue)]
    public int K { get; init; } = 10;

    /// <summary>How many tokens of a row are scored at a time, which bounds the memory; unset: all. The answers are the same.</summary>
    [Range(1, int.MaxValue)]
    public int? Chunk { get; init; }
}

/// <summary>
/// Controlled decoding token by token (Mudgal et al., "Controlled Decoding from Language Models", arXiv:2310.17022):
/// π(v) ∝ π_base(v) · exp(λ V(prompt, answer so far, v)), V a prefix scorer, which tells the reward to expect of the base's answers
/// that begin so. λ is the request's weight.
/// </summary>
/// <param name="options">Its settings.</param>
[Decoder("controlled", Paper = "arXiv:2310.17022")]
public sealed class ControlledDecoder(ControlledOptions options) : IDecoder
{
    /// <inheritdoc/>
    public DecoderNeeds Needs => DecoderNeeds.PrefixScorer;

    /// <inheritdoc/>
    public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation)
    {
        return Steered.Decode(requests, context, context.Options, steered => context.Generate(steered, Choose, cancellation: cancellation), cancellation);

        TokenChoice Choose(IDecodingStep step)
        {
            var tokens = NextTokens.Best(step.Logits(context.Base), options.K);
            var scores = tokens.Logits + step.Weights.narrow(1, 0, 1) * tokens.Rewards(step, context.PrefixScorer, options.Chunk);
            return options.K == 0 ? TokenChoice.Of(scores) : TokenChoice.Of(tokens.Ids, scores);
        }
    }
}
