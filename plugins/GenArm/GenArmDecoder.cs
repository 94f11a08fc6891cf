using TorchSharp;

namespace RewardKit.Plugins.GenArm;

/// <summary>
/// Decoding guided by autoregressive reward models (Xu et al., "GenARM", arXiv:2410.08193): a token's score is its
/// log-probability under the base plus, for each guide, α times that under the guide,
/// π(v) ∝ π_base(v) · Π π_r(v)^α with α = 1/β. One pass of each model a token; a guide of weight zero is not run.
/// </summary>
/// <param name="options">Its settings.</param>
[Decoder("gen-arm", Paper = "arXiv:2410.08193")]
public sealed class GenArmDecoder(GenArmDecoderOptions options) : IDecoder
{
    /// <inheritdoc/>
    public DecoderNeeds Needs => DecoderNeeds.Guides;

    /// <inheritdoc/>
    public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation)
    {
        return context.Generate(requests, Choose, cancellation: cancellation);

        TokenChoice Choose(IDecodingStep step)
        {
            // The base's logits are as good as its log-probabilities, from which they differ by a constant; with weights of
            // zero they are the base's to the last bit.
            var scores = step.Logits(context.Base); // [rows, vocabulary]
            for (var guide = 0; guide < context.Guides.Count; guide++)
            {
                var of = guide;
                if (step.Requests.All(request => Weight(requests[request], of) == 0)) continue;
                var weight = step.Weights.narrow(1, guide, 1); // [rows, 1]
                // Beside rows with weight there may be some without, and 0 × −∞ is no number.
                scores = scores + (weight * step.LogProbs(context.Guides[guide])).masked_fill(weight.eq(0), 0);
            }
            return TokenChoice.Of(options.Normalise ? scores / (1 + step.Weights.sum(1, keepdim: true)) : scores);
        }
    }

    // None stated: 1 each.
    private static double Weight(DecodingRequest request, int guide) => request.Weights.Count == 0 ? 1 : request.Weights[guide];
}
