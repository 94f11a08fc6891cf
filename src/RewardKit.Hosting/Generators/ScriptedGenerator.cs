namespace RewardKit.Hosting.Generators;

/// <summary>A text generator that is a function: for tests, and for scripts that need no language model.</summary>
/// <param name="answer">The answer to a request; several threads may call it at once.</param>
/// <param name="name">A name for messages and reports.</param>
public sealed class ScriptedGenerator(Func<TextRequest, TextReply> answer, string name = "scripted") : ITextGenerator
{
    private int _asked;

    /// <inheritdoc/>
    public string Name => name;

    /// <summary>How many requests were answered.</summary>
    public int Asked => _asked;

    /// <summary>Answers the last turn of a prompt, each text whole.</summary>
    /// <param name="answer">From the turn's content to the answer.</param>
    /// <param name="name">A name for messages and reports.</param>
    public static ScriptedGenerator Of(Func<string, string> answer, string name = "scripted") =>
        new(request => new(answer(request.Prompt.LastContent), FinishReason.StopToken), name);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default)
    {
        var replies = new TextReply[requests.Count];
        for (var i = 0; i < replies.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            replies[i] = answer(requests[i]);
            Interlocked.Increment(ref _asked);
        }
        return Task.FromResult<IReadOnlyList<TextReply>>(replies);
    }
}
