using System.ComponentModel.DataAnnotations;
using RewardKit.Plugins.Decoding;
using TorchSharp;

namespace RewardKit.Plugins.ControlledDecoding;

/// <summary>Options of the decoder <c>controlled-blockwise</c>.</summary>
[PluginOptions]
public sealed record BlockwiseOptions
{
    /// <summary>K, how many blocks are sampled from the base at a time.</summary>
    [Range(1, int.MaxValue)]
    public int K { get; init; } = 6;

    /// <summary>M, the tokens of a block; the last one of an answer may have fewer.</summary>
    [Range(1, int.MaxValue)]
    public int M { get; init; } = 32;
}

/// <summary>
/// Controlled decoding block by block (Mudgal et al., arXiv:2310.17022): K blocks of M tokens are sampled from the base, the one
/// with the highest value by a prefix scorer is kept, the first of equals, and so on to the end. Blocks as long as the answer
/// make it best-of-K. A weight of zero is the base; how large another one is makes no difference.
/// </summary>
/// <param name="options">Its settings.</param>
[Decoder("controlled-blockwise", Paper = "arXiv:2310.17022")]
public sealed class BlockwiseDecoder(BlockwiseOptions options) : IDecoder
{
    /// <inheritdoc/>
    public DecoderNeeds Needs => DecoderNeeds.PrefixScorer;

    /// <inheritdoc/>
    public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation)
    {
        var most = context.Options.MaxTokens;
        // Temperature, cuts and penalty are for the samples; among the blocks the best is taken.
        var best = context.Options with { Temperature = 0, TopK = 0, TopP = 1, RepetitionPenalty = 1 };
        return Steered.Decode(requests, context, context.Options, steered => context.Generate(steered, Choose, best, cancellation), cancellation);

        TokenChoice Choose(IDecodingStep step)
        {
            int[][] empty = [.. Enumerable.Repeat(Array.Empty<int>(), options.K)];
            var samples = step.RollOut(context.Base, [.. step.Requests.Select(_ => empty)], context.Options with { MaxTokens = Math.Min(options.M, most) });
            int[][][] blocks = [.. samples.Zip(step.Tokens, (row, before) => row.Select(text => text.Ids.Take(most).Skip(before.Count).ToArray()).ToArray())];
            var values = step.Rewards(context.PrefixScorer, blocks); // [rows, K]
            // The choice is sure, so that its log-probability is 0: what is random has gone into the samples. A value that is no
            // number stays none, for the host to refuse.
            var kept = values.argmax(1, keepdim: true);
            return TokenChoice.Of(blocks, torch.full_like(values, double.NegativeInfinity).scatter(1, kept, (values - values).gather(1, kept)));
        }
    }
}
