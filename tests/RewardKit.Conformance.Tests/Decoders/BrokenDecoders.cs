using TorchSharp;

namespace RewardKit.Conformance.Tests.Decoders;

/// <summary>Base plus weighted guides, which keeps every rule; what follows breaks one each.</summary>
internal class SoundDecoder : IDecoder
{
    public virtual DecoderNeeds Needs => DecoderNeeds.Guides;

    public virtual IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation) =>
        context.Generate(requests, step => TokenChoice.Of(Scores(step, context)), Options(context.Options), cancellation);

    protected virtual GenerationOptions Options(GenerationOptions options) => options;

    protected virtual torch.Tensor Scores(IDecodingStep step, IDecodingContext context)
    {
        var sum = step.LogProbs(context.Base);
        for (var i = 0; i < context.Guides.Count; i++)
        {
            var weight = step.Weights.narrow(1, i, 1);
            if (IsUsed(weight)) sum += Weighted(weight, step.LogProbs(context.Guides[i]));
        }
        return sum;
    }

    protected virtual bool IsUsed(torch.Tensor weight) => weight.max().item<float>() > 0;

    protected virtual torch.Tensor Weighted(torch.Tensor weight, torch.Tensor logProbs) => weight * logProbs;
}

internal sealed class AnswersNothing : SoundDecoder
{
    public override IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation) =>
        requests.Count == 0 ? [new("", [], [], FinishReason.MaxTokens)] : base.Decode(requests, context, cancellation);
}

internal sealed class OverflowsAtLargeWeights : SoundDecoder
{
    protected override torch.Tensor Weighted(torch.Tensor weight, torch.Tensor logProbs) => weight * weight * 1e33 * logProbs;
}

internal sealed class NeverQuiteZero : SoundDecoder
{
    protected override bool IsUsed(torch.Tensor weight) => true;

    protected override torch.Tensor Weighted(torch.Tensor weight, torch.Tensor logProbs) => (weight + 0.5) * logProbs;
}

internal sealed class IgnoresGuides : SoundDecoder
{
    protected override bool IsUsed(torch.Tensor weight) => false;
}

internal sealed class MixesRows : SoundDecoder
{
    protected override torch.Tensor Weighted(torch.Tensor weight, torch.Tensor logProbs) => weight * logProbs.mean([0L], keepdim: true);
}

internal sealed class NeverStops : SoundDecoder
{
    protected override GenerationOptions Options(GenerationOptions options) => options with { StopTokens = [], StopStrings = [] };
}

internal sealed class AtLeastThree : SoundDecoder
{
    protected override GenerationOptions Options(GenerationOptions options) => options with { MaxTokens = Math.Max(3, options.MaxTokens) };
}

internal class AltersLogProbs : SoundDecoder
{
    public override IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation) =>
        [.. base.Decode(requests, context, cancellation).Select(text => text with { LogProbs = [.. text.LogProbs.Select(Altered)] })];

    protected virtual double Altered(double logProb) => logProb / 2;
}

internal sealed class NoisyLogProbs : AltersLogProbs
{
    protected override double Altered(double logProb) => logProb + 1e-12 * Random.Shared.NextDouble();
}

internal sealed class CountsCalls : AltersLogProbs
{
    private int _calls;

    protected override double Altered(double logProb) => logProb + 1e-7 * _calls++;
}

internal sealed class UsesTheScorer : SoundDecoder
{
    public override DecoderNeeds Needs => DecoderNeeds.None;

    public override IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation) =>
        context.Scorer.Name.Length == 0 ? [] : base.Decode(requests, context, cancellation);
}

internal sealed class AlwaysAsks : SoundDecoder
{
    protected override bool IsUsed(torch.Tensor weight) => true;
}

internal sealed class Uninterruptible : SoundDecoder
{
    public override IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation) =>
        base.Decode(requests, context, CancellationToken.None);
}

internal sealed class KeepsScores : SoundDecoder
{
    private static readonly List<torch.Tensor> s_kept = [];

    protected override torch.Tensor Scores(IDecodingStep step, IDecodingContext context)
    {
        var scores = base.Scores(step, context);
        s_kept.Add(scores.clone().DetachFromDisposeScope());
        return scores;
    }
}
