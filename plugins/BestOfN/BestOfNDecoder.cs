using System.ComponentModel.DataAnnotations;
using RewardKit.Plugins.Decoding;

namespace RewardKit.Plugins.BestOfN;

/// <summary>Options of the decoder <c>best-of-n</c>.</summary>
[PluginOptions]
public sealed record BestOfNOptions
{
    /// <summary>N, how many answers are sampled for a prompt.</summary>
    [Range(1, 256)]
    public int N { get; init; } = 16;
}

/// <summary>
/// Best of N: samples N answers from the base and returns the one with the highest reward, the first of equals; of a scorer that
/// compares, the winner of a knock-out. A weight of zero is the base; how large another one is makes no difference.
/// </summary>
/// <param name="options">Its settings.</param>
[Decoder("best-of-n")]
public sealed class BestOfNDecoder(BestOfNOptions options) : IDecoder
{
    // Prompts that stand beside each other usually have seeds that do, too.
    private const long BetweenSeeds = 1_000_000_007;

    /// <inheritdoc/>
    public DecoderNeeds Needs => DecoderNeeds.Scorer;

    /// <inheritdoc/>
    public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation)
    {
        return Steered.Decode(requests, context, context.Options, Best, cancellation);

        IReadOnlyList<GeneratedText> Best(IReadOnlyList<DecodingRequest> steered)
        {
            // The first sample is the base's own answer; greedy ones are all that.
            var n = context.Options.Temperature > 0 ? options.N : 1;
            var samples = context.Generate(
                [.. steered.SelectMany(request => Enumerable.Range(0, n).Select(i => request with { Seed = unchecked(request.Seed + i * BetweenSeeds) }))],
                step => TokenChoice.Of(step.Logits(context.Base)), cancellation: cancellation).Chunk(n).ToArray();
            // One request at a time: in a knock-out the order is drawn, and an answer must not depend on the requests beside it.
            return [.. steered.Zip(samples, (request, own) => own[context.Scorer.PickBest(
                [new(request.Prompt, [.. own.Select(text => Conversation.Assistant(text.Text))])], unchecked((int)request.Seed), cancellation)[0]])
                // Where it is measured how far the samples lie from a model, the choice among them has its price, too.
                .Select(text => text with { Divergence = text.Divergence + RewardKit.BestOfN.DivergenceBound(n) })];
        }
    }
}
