namespace RewardKit.Models;

/// <summary>Texts that share a beginning and are scored together.</summary>
/// <param name="Items">The texts.</param>
/// <param name="First">The first of the requests that they answer.</param>
/// <param name="Requests">How many they answer.</param>
internal sealed record ScoringGroup(IReadOnlyList<PackedItem> Items, int First, int Requests)
{
    private int Tokens { get; } = Items.Sum(item => item.Prompt.Length + item.Responses.Sum(response => response.Length));

    /// <summary>Batches of up to a number of tokens; a longer group goes alone.</summary>
    public static IEnumerable<List<ScoringGroup>> InBatches(List<ScoringGroup> groups, int batchTokens)
    {
        var batch = new List<ScoringGroup>();
        var tokens = 0;
        // The longest first: memory is at its peak at once, not after an hour.
        foreach (var group in groups.OrderByDescending(group => group.Tokens))
        {
            if (batch.Count > 0 && tokens + group.Tokens > batchTokens)
            {
                yield return batch;
                (batch, tokens) = ([], 0);
            }
            batch.Add(group);
            tokens += group.Tokens;
        }
        if (batch.Count > 0) yield return batch;
    }
}
