using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>The language model that judges: asked so many times, and read in one form.</summary>
internal sealed class JudgeModel(ITextGenerator generator, LlmJudgeOptions options, int seed)
{
    private const int Shown = 200;
    private readonly int _samples = options.Temperature == 0 ? 1 : options.Samples;

    public string Name => $"{generator.Name} as a judge";

    /// <summary>Asks every prompt of all judges, all at once.</summary>
    /// <param name="prompts">The prompts.</param>
    /// <param name="read">From a reply to what it says; null where it says nothing in the form.</param>
    /// <param name="form">The form, for messages.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>By prompt, what each judge says.</returns>
    /// <exception cref="RewardKitException">A reply cannot be read, and the options do not let it pass.</exception>
    public IReadOnlyList<T?[]> Ask<T>(IReadOnlyList<Conversation> prompts, Func<string, T?> read, string form, CancellationToken cancellation) where T : struct
    {
        if (prompts.Count == 0) return [];
        // The seed is the prompt's own: an answer's rating hangs on no other answer, and a pair's on its two texts.
        TextRequest[] asked = [.. prompts.SelectMany(prompt => Enumerable.Range(0, _samples).Select(sample => new TextRequest(prompt, new()
        {
            MaxTokens = options.MaxTokens,
            Temperature = options.Temperature,
            Seed = Seeds.Of(seed, sample, prompt.LastContent),
        })))];
        var replies = generator.GenerateAsync(asked, cancellation).GetAwaiter().GetResult();
        return [.. replies.Select(reply => read(reply.Text) ?? (options.Unreadable == Unreadable.Neutral ? null : throw Mute(reply, form))).Chunk(_samples)];
    }

    private RewardKitException Mute(TextReply reply, string form)
    {
        var why = reply.Finish == FinishReason.Refused ? "refused to answer"
            : $"wrote no {form} but{(reply.IsComplete ? "" : ", cut off,")} \"{(reply.Text.Length <= Shown ? reply.Text : $"{reply.Text[..(Shown / 2)]} … {reply.Text[^(Shown / 2)..]}").ReplaceLineEndings(" ")}\"";
        return RewardKitException.Failure(
            $"llm-judge: {generator.Name} {why}. {(reply.IsComplete || reply.Finish == FinishReason.Refused ? "" : "Raise maxTokens. ")}"
            + "To go on without its vote set unreadable = LlmJudge.Unreadable.Neutral; to ask in other words, name a folder of prompts.");
    }
}
