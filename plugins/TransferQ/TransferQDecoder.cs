using RewardKit.Plugins.Decoding;
using TorchSharp;

namespace RewardKit.Plugins.TransferQ;

/// <summary>
/// Transfer-Q (Chakraborty et al., "Transfer Q*: Principled Decoding for LLM Alignment", arXiv:2405.20495): the base is aligned
/// already; of its k most probable tokens z the one is taken, or drawn, by logit(z) + TQ(z) / α, where TQ(z) is the mean reward
/// of the base's own roll-outs behind z. Where the base is aligned to another reward than the target's, roll-outs are weighted
/// by exp((r − r_BL) / β), with weights that sum to 1.
/// </summary>
[Decoder("transfer-q", Paper = "arXiv:2405.20495")]
public sealed class TransferQDecoder : IDecoder
{
    private readonly TransferQOptions _options;

    /// <summary>Makes the decoder.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">The settings contradict each other.</exception>
    public TransferQDecoder(TransferQOptions options)
    {
        if (options is { RollOuts: > 1, RollOutTemperature: 0 })
            throw RewardKitException.Input($"transfer-q: {options.RollOuts} greedy roll-outs of a candidate are all the same; set rollOutTemperature above 0, or leave rollOuts out.");
        if (options is { Indirect: true, RollOuts: 1 })
            throw RewardKitException.Input("transfer-q: with indirect, roll-outs of a candidate are weighed against each other; set rollOuts to 2 or more, and rollOutTemperature above 0.");
        _options = options;
    }

    /// <inheritdoc/>
    public DecoderNeeds Needs => DecoderNeeds.Scorer | (_options.Indirect ? DecoderNeeds.BaselineScorer : DecoderNeeds.None);

    /// <inheritdoc/>
    public IReadOnlyList<GeneratedText> Decode(IReadOnlyList<DecodingRequest> requests, IDecodingContext context, CancellationToken cancellation)
    {
        return Steered.Decode(requests, context, context.Options, steered => context.Generate(steered, step => Choose(step, steered), cancellation: cancellation), cancellation);

        TokenChoice Choose(IDecodingStep step, IReadOnlyList<DecodingRequest> steered)
        {
            var candidates = NextTokens.Best(step.Logits(context.Base), _options.K);
            int[][][] begun = [.. candidates.Ids.Select(row => row.SelectMany(id => Enumerable.Repeat(id, _options.RollOuts)).ToArray())];
            var answers = step.RollOut(context.Base, begun, HowToRollOut(context.Options));
            ScoreRequest[] texts = [.. answers.SelectMany((row, i) => row.Select(text => new ScoreRequest(steered[step.Requests[i]].Prompt, Conversation.Assistant(text.Text))))];
            var rewards = context.Scorer.Score(texts, cancellation);
            var baseline = _options.Indirect ? context.BaselineScorer.Score(texts, cancellation) : null;
            double[] values = [.. Enumerable.Range(0, texts.Length).Chunk(_options.RollOuts).Select(own => Value(own, rewards, baseline))];
            var means = torch.tensor([.. values.Select(value => (float)value)], candidates.Logits.shape, device: candidates.Logits.device);
            return TokenChoice.Of(candidates.Ids, candidates.Logits + step.Weights.narrow(1, 0, 1) * means);
        }
    }

    // The same for every row, wherever it stands: a row's values must not depend on the rows beside it. Roll-outs are the base's
    // own, which knows its end tokens and no other stops.
    private GenerationOptions HowToRollOut(GenerationOptions options) => new()
    {
        MaxTokens = _options.ToEnd ? options.MaxTokens : _options.RollOutTokens,
        Temperature = _options.RollOutTemperature,
        IgnoreEndTokens = options.IgnoreEndTokens,
    };

    // Σ ω r / Σ ω; the largest weight is 1, so that none overflows.
    private double Value(int[] own, IReadOnlyList<double> rewards, IReadOnlyList<double>? baseline)
    {
        if (baseline is null) return own.Average(i => rewards[i]);
        double[] exponents = [.. own.Select(i => (rewards[i] - baseline[i]) / _options.Beta)];
        double[] weights = [.. exponents.Select(exponent => Math.Exp(exponent - exponents.Max()))];
        return own.Zip(weights, (i, weight) => weight * rewards[i]).Sum() / weights.Sum();
    }
}
