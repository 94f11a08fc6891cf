namespace RewardKit.Hosting.Generators;

/// <summary>A text generator that hands over each answer as soon as it is there, so that it can be kept.</summary>
public interface ITextSource : ITextGenerator
{
    /// <summary>Answers prompts, in whatever order they come.</summary>
    /// <param name="requests">The prompts.</param>
    /// <param name="answered">Told of each answer, and which request it is for; by any thread, several at once.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RewardKitException">No answer can be had, now or after trying again.</exception>
    Task AnswerAsync(IReadOnlyList<TextRequest> requests, Action<int, TextReply> answered, CancellationToken cancellation = default);
}

/// <summary>Answers as they come, collected.</summary>
internal static class TextSources
{
    /// <summary>All answers, in the order of the requests.</summary>
    public static async Task<IReadOnlyList<TextReply>> CollectAsync(
        this ITextSource source, IReadOnlyList<TextRequest> requests, CancellationToken cancellation)
    {
        var replies = new TextReply[requests.Count];
        await source.AnswerAsync(requests, (i, reply) => replies[i] = reply, cancellation).ConfigureAwait(false);
        return replies;
    }
}
