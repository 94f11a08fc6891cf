namespace RewardKit;

/// <summary>
/// Anything that answers prompts with text: a server, a local model, a table of answers. The host sends requests side by side,
/// tries again what failed for the moment, and keeps every answer, so that work that was interrupted asks nothing twice.
/// Several threads may call it at once.
/// </summary>
public interface ITextGenerator
{
    /// <summary>A name for messages and reports.</summary>
    string Name { get; }

    /// <summary>
    /// Answers prompts. Give it much at a time, as all rewrites of a thousand examples: requests do not wait for each other.
    /// </summary>
    /// <param name="requests">The prompts. Equal ones get the same answer: let the seed tell samples of one prompt apart.</param>
    /// <param name="cancellation">Stops it; what is answered by then is kept.</param>
    /// <returns>
    /// One answer a request, in their order. One that was refused or cut off says so in <see cref="TextReply.Finish"/>: count
    /// it and go on.
    /// </returns>
    /// <exception cref="RewardKitException">No answer can be had, now or after trying again.</exception>
    Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default);
}

/// <summary>A prompt to answer, and how.</summary>
/// <param name="Prompt">The turns so far; the last one is usually a user's.</param>
/// <param name="Options">Length, temperature, cuts, stop strings and seed.</param>
public sealed record TextRequest(Conversation Prompt, GenerationOptions Options);

/// <summary>An answer.</summary>
/// <param name="Text">The text; what there is of it where it was cut off, empty where it was refused.</param>
/// <param name="Finish">Why it ended.</param>
/// <param name="PromptTokens">Tokens of the prompt, as the generator counts them; 0 where it does not say.</param>
/// <param name="Tokens">Tokens of the text, likewise.</param>
public sealed record TextReply(string Text, FinishReason Finish, int PromptTokens = 0, int Tokens = 0)
{
    /// <summary>Whether it ended by itself: neither cut off nor refused.</summary>
    public bool IsComplete => Finish is FinishReason.StopToken or FinishReason.StopString;
}
