using System.ComponentModel.DataAnnotations;
using RewardKit.Plugins.Decoding;

namespace RewardKit.Plugins.Args;

/// <summary>Options of the decoder <c>args</c>. The weight of the reward, w, is said with the request.</summary>
[PluginOptions]
public sealed record ArgsOptions
{
    /// <summary>k, how many of the base's most probable tokens are candidates.</summary>
    [Range(1, int.MaxValue)]
    public int K { get; init; } = 10;

    /// <summary>
    /// Whether answers go on behind the end token until they have the most tokens, as in the released code, whose evaluation
    /// cuts them at the next turn.
    /// </summary>
    public bool IgnoreEnd { get; init; }

    /// <summary>How many candidates of a row are scored at a time, which bounds the memory; unset: all k. The answers are the same.</summary>
    [Range(1, int.MaxValue)]
    public int? Chunk { get; init; }
}

/// <summary>
/// Reward-guided search (Khanov, Burapacheep and Li, "ARGS: Alignment as Reward-Guided Search", arXiv:2402.01694): of the k
/// most probable tokens v the one with the best logit(v) + w · r(prompt, answer so far, v), or one drawn by the softmax of
/// these scores. r is a reward model of whole answers, asked about unfinished ones.
/// </summary>
/// <param name="options">Its settings.</param>
[Decoder("args", Paper = "arXiv:2402.01694")]
public sealed class ArgsDecoder(ArgsOptions options) : IDecoder
{
    /// <inheritdoc/>
    public DecoderNeeds Needs => DecoderNeeds.PrefixScorer;

    /// <inheritdoc/>
    public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation)
    {
        var how = options.IgnoreEnd ? context.Options with { IgnoreEndTokens = true } : context.Options;
        return Steered.Decode(requests, context, how, steered => context.Generate(steered, Choose, how, cancellation), cancellation);

        TokenChoice Choose(IDecodingStep step)
        {
            var candidates = NextTokens.Best(step.Logits(context.Base), options.K);
            return TokenChoice.Of(candidates.Ids, candidates.Logits + step.Weights.narrow(1, 0, 1) * candidates.Rewards(step, context.PrefixScorer, options.Chunk));
        }
    }
}
