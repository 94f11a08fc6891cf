using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.Cream;

/// <summary>A prompt with what the model answered to it.</summary>
/// <param name="Example">The example that the prompt is from; its responses are not looked at.</param>
/// <param name="Answers">The answers that can be used, at least two, in the order of their seeds.</param>
internal sealed record OwnAnswers(PreferenceExample Example, IReadOnlyList<TextReply> Answers)
{
    /// <summary>Answer by answer, what is to be judged.</summary>
    public IEnumerable<ScoreRequest> Requests => Answers.Select(answer => new ScoreRequest(Example.Prompt, Conversation.Assistant(answer.Text)));

    /// <summary>Reads prompts, each once, and has the model answer all of them at once.</summary>
    /// <param name="examples">Where the prompts are.</param>
    /// <param name="writer">The model.</param>
    /// <param name="samples">How many answers to each.</param>
    /// <param name="how">How they are sampled; each has a seed of its own.</param>
    /// <param name="seed">Decides the seeds, together with the prompts.</param>
    /// <param name="tally">Told what came of it.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The prompts with two or more answers that can be used, in their order.</returns>
    public static async Task<IReadOnlyList<OwnAnswers>> SampleAsync(
        IAsyncEnumerable<PreferenceExample> examples, ITextGenerator writer, int samples, GenerationOptions how, int seed, Tally tally, CancellationToken cancellation)
    {
        var (prompts, known) = (new List<PreferenceExample>(), new HashSet<Conversation>());
        await foreach (var example in examples.WithCancellation(cancellation))
        {
            if (known.Add(example.Prompt)) prompts.Add(example);
            else tally.Count("prompts.repeated");
        }
        tally.Count("prompts", prompts.Count);
        if (prompts.Count == 0) return [];
        // Those of one prompt follow each other, so that the prompt is computed once.
        var replies = await writer.GenerateAsync(
            [.. prompts.SelectMany(example => Enumerable.Range(0, samples).Select(n => new TextRequest(example.Prompt, how with { Seed = Seeds.Of(seed, n, example.Prompt) })))],
            cancellation);
        tally.Count("samples", replies.Count);
        OwnAnswers[] all = [.. prompts.Zip(replies.Chunk(samples), (example, some) => new OwnAnswers(example, [.. some.Where(IsUsable)]))];
        OwnAnswers[] usable = [.. all.Where(each => each.Answers.Count > 1)];
        tally.Count("prompts.unanswered", all.Length - usable.Length);
        return usable;

        bool IsUsable(TextReply reply)
        {
            var flaw = reply.Finish == FinishReason.Refused ? "refused"
                : reply is { Finish: FinishReason.ContextFull, Text: "" } ? "no-room"
                : string.IsNullOrWhiteSpace(reply.Text) ? "empty" : null;
            if (flaw is not null) tally.Count($"samples.{flaw}");
            else if (!reply.IsComplete) tally.Count("samples.cut-off");
            return flaw is null;
        }
    }

    /// <summary>The pair of two of the answers.</summary>
    /// <param name="best">The place of the better one.</param>
    /// <param name="worst">The place of the worse one.</param>
    /// <param name="rewards">The answers' rewards.</param>
    /// <param name="method">What made it.</param>
    public PreferenceExample Pair(int best, int worst, IReadOnlyList<double> rewards, string method) => new(
        $"{Example.Id}+{method}", Example.Prompt, Conversation.Assistant(Answers[best].Text), Conversation.Assistant(Answers[worst].Text),
        Example.Provenance with { Augmentation = method, Attribute = null, Parent = null })
    {
        Rewards = new(rewards[best], rewards[worst]),
    };
}

/// <summary>Counts by reason, told when the work is done.</summary>
internal sealed class Tally
{
    private readonly OrderedDictionary<string, long> _counts = [];

    /// <summary>Counts some more.</summary>
    public void Count(string reason, long count = 1) => _counts[reason] = _counts.GetValueOrDefault(reason) + count;

    /// <summary>Tells the host.</summary>
    /// <param name="context">The host.</param>
    /// <param name="prefix">What the reasons begin with.</param>
    public void Tell(AugmentationContext context, string prefix)
    {
        foreach (var (reason, count) in _counts.Where(c => c.Value > 0)) context.Count($"{prefix}.{reason}", count);
    }
}
