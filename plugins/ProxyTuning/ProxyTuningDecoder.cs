using RewardKit.Plugins.Decoding;

namespace RewardKit.Plugins.ProxyTuning;

/// <summary>
/// Proxy-tuning (Liu et al., "Tuning Language Models by Proxy", arXiv:2401.08565): logits of the base, plus a times what
/// tuning changed in a small model, expert − anti-expert. The guides are the expert, which is tuned, and the anti-expert, the
/// same model untuned, in this order; a is the weight of both.
/// </summary>
[Decoder("proxy-tuning", Paper = "arXiv:2401.08565")]
public sealed class ProxyTuningDecoder : IDecoder
{
    /// <inheritdoc/>
    public DecoderNeeds Needs => DecoderNeeds.Guides;

    /// <inheritdoc/>
    public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation)
    {
        if (context.Guides is not [var expert, var antiExpert])
        {
            throw RewardKitException.Input(
                $"proxy-tuning is guided by two models, not {context.Guides.Count}: the tuned one first, then the same model untuned.");
        }
        foreach (var request in requests)
        {
            if (request.Weights is [var first, var second] && first != second)
            {
                throw RewardKitException.Input(FormattableString.Invariant(
                    $"proxy-tuning has one weight for the difference of its two models, and a request names {first} and {second}: give both the same."));
            }
        }
        return Steered.Decode(requests, context, context.Options, steered => context.Generate(
            steered,
            step => TokenChoice.Of(step.Logits(context.Base) + step.Weights.narrow(1, 0, 1) * (step.Logits(expert) - step.Logits(antiExpert))),
            cancellation: cancellation), cancellation);
    }
}
