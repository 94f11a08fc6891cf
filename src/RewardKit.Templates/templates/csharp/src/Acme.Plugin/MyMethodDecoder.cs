using System.ComponentModel.DataAnnotations;
using RewardKit;

namespace Acme.Namespace;

/// <summary>Options of <c>my-method</c>.</summary>
[PluginOptions]
public sealed record MyMethodOptions
{
    /// <summary>What every guide's weight is multiplied by.</summary>
    [Range(0.0, 100.0)]
    public double Strength { get; init; } = 1.0;
}

/// <summary>
/// Scores each next token by the base model's log-probability plus that of each guide, times the guide's weight.
/// </summary>
[Decoder("my-method", Paper = "arXiv:2410.08193")]
public sealed class MyMethodDecoder(MyMethodOptions options) : IDecoder
{
    /// <inheritdoc/>
    public DecoderNeeds Needs => DecoderNeeds.Guides;

    /// <inheritdoc/>
    public IReadOnlyList<GeneratedText> Decode(
        IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation)
    {
        // A guide without any weight need not be run.
        int[] guides = [.. Enumerable.Range(0, context.Guides.Count).Where(guide => requests.Any(request => Weight(request, guide) > 0))];
        return context.Generate(requests, Choose, cancellation: cancellation);

        TokenChoice Choose(IDecodingStep step)
        {
            var scores = step.LogProbs(context.Base); // [rows, vocabulary]
            foreach (var guide in guides)
                scores += options.Strength * step.Weights.narrow(1, guide, 1) * step.LogProbs(context.Guides[guide]);
            return TokenChoice.Of(scores);
        }
    }

    private double Weight(DecodingRequest request, int guide) =>
        options.Strength * (request.Weights.Count == 0 ? 1 : request.Weights[guide]);
}
