using TorchSharp;

namespace RewardKit.Conformance;

/// <summary>A context that writes down what a decoder's rules offer, and which models they ask.</summary>
internal sealed class RecordedDecoding(IDecodingContext context) : IDecodingContext
{
    /// <summary>What a rule offered a row.</summary>
    /// <param name="Prompt">The row's prompt.</param>
    /// <param name="Tokens">Its tokens so far.</param>
    /// <param name="Scores">The scores.</param>
    /// <param name="Among">The continuations they belong to; null: the vocabulary.</param>
    public sealed record Offer(Conversation Prompt, int[] Tokens, double[] Scores, IReadOnlyList<int[]>? Among);

    public List<Offer> Offers { get; } = [];

    /// <summary>How often a model other than the base was asked.</summary>
    public int Asked { get; private set; }

    public ILanguageModel Base => context.Base;

    public IReadOnlyList<ILanguageModel> Guides => context.Guides;

    public IScorer Scorer => context.Scorer;

    public IPrefixScorer PrefixScorer => context.PrefixScorer;

    public IScorer BaselineScorer => context.BaselineScorer;

    public GenerationOptions Options => context.Options;

    public IReadOnlyList<GeneratedText> Generate(
        IReadOnlyList<DecodingRequest> requests, TokenRule rule, GenerationOptions? options, CancellationToken cancellation) =>
        context.Generate(requests, step =>
        {
            var choice = rule(new Step(this, step));
            var rows = choice.Scores.to(torch.ScalarType.Float64).cpu().contiguous().data<double>().ToArray().Chunk((int)Math.Max(1, choice.Scores.size(-1))).ToArray();
            for (var row = 0; row < rows.Length && row < step.Requests.Count; row++)
                Offers.Add(new(requests[step.Requests[row]].Prompt, [.. step.Tokens[row]], rows[row], choice.Among?[row]));
            return choice;
        }, options, cancellation);

    private sealed class Step(RecordedDecoding decoding, IDecodingStep step) : IDecodingStep
    {
        public IReadOnlyList<int> Requests => step.Requests;

        public IReadOnlyList<IReadOnlyList<int>> Tokens => step.Tokens;

        public torch.Tensor Weights => step.Weights;

        public torch.Tensor Logits(ILanguageModel model)
        {
            Note(model);
            return step.Logits(model);
        }

        public torch.Tensor Rewards(IPrefixScorer scorer, IReadOnlyList<IReadOnlyList<int[]>> continuations)
        {
            Note(scorer);
            return step.Rewards(scorer, continuations);
        }

        public IReadOnlyList<IReadOnlyList<GeneratedText>> RollOut(ILanguageModel model, IReadOnlyList<IReadOnlyList<int[]>> continuations, GenerationOptions options)
        {
            Note(model);
            return step.RollOut(model, continuations, options);
        }

        private void Note(object model)
        {
            if (!ReferenceEquals(model, decoding.Base)) decoding.Asked++;
        }
    }
}
