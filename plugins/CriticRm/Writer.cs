using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.CriticRm;

/// <summary>Something to be written.</summary>
/// <param name="Prompt">To what.</param>
/// <param name="Temperature">How freely.</param>
/// <param name="Sample">Tells samples of one prompt apart.</param>
internal sealed record Writing(Conversation Prompt, double Temperature, int Sample);

/// <summary>The language model that writes for the augmenter. What it asks and what cannot be used is counted by reason.</summary>
internal sealed class Writer(ITextGenerator generator, CriticAugmenterOptions options, int seed)
{
    private readonly OrderedDictionary<string, long> _counts = [];

    /// <summary>Decides all that is written.</summary>
    public int Seed => seed;

    /// <summary>What was counted, in the order in which it first was.</summary>
    public IEnumerable<KeyValuePair<string, long>> Counts => _counts;

    public void Count(string reason, long count = 1) => _counts[reason] = _counts.GetValueOrDefault(reason) + count;

    /// <summary>Has texts written, all at once.</summary>
    /// <returns>The texts; null for one that was refused, cut off or left empty.</returns>
    public async Task<string?[]> WriteAsync(string stage, IReadOnlyList<Writing> writings, CancellationToken cancellation)
    {
        if (writings.Count == 0) return [];
        cancellation.ThrowIfCancellationRequested();
        Count($"{stage}.asked", writings.Count);
        var replies = await generator.GenerateAsync(
            [.. writings.Select(w => new TextRequest(w.Prompt, new()
            {
                MaxTokens = options.MaxTokens,
                Temperature = w.Temperature,
                Seed = Seeds.Of(seed, stage, w.Sample, w.Prompt.LastContent),
            }))],
            cancellation);
        return [.. replies.Select(Read)];

        string? Read(TextReply reply)
        {
            var flaw = reply.Finish == FinishReason.Refused ? "refused" : !reply.IsComplete ? "cut-off" : string.IsNullOrWhiteSpace(reply.Text) ? "empty" : null;
            if (flaw is null) return reply.Text;
            Count($"{stage}.{flaw}");
            return null;
        }
    }
}
