namespace RewardKit.Plugins.Crome;

/// <summary>What the neutral rows that an oracle writes have in common.</summary>
internal static class Neutrals
{
    /// <summary>A preference from the data, each answer of one turn.</summary>
    public static bool IsOriginal(PreferenceExample example) =>
        example is { Relation: Relation.Preferred, Provenance.Augmentation: null, Chosen.Messages.Length: 1, Rejected.Messages.Length: 1 };

    /// <summary>A row of <c>crome-causal</c> whose rejected answer is a degraded one.</summary>
    public static bool IsDegraded(PreferenceExample example) => example.Provenance.Augmentation == "causal_down";

    /// <summary>As many of the candidates, in random order, as asked for, or all of them.</summary>
    public static IEnumerable<T> Draw<T>(IReadOnlyList<T> candidates, double count, int seed)
    {
        var order = candidates.ToArray();
        new Random(seed).Shuffle(order);
        return order.Take((int)Math.Min(order.Length, Math.Round(count, MidpointRounding.AwayFromZero)));
    }

    /// <summary>A tie of an answer with what was written to equal it.</summary>
    public static PreferenceExample Row(PreferenceExample parent, string kind, string suffix, Conversation answer, string written) => new(
        $"{parent.Id}+{suffix}", parent.Prompt, answer, Conversation.Assistant(written),
        parent.Provenance with { Augmentation = kind, Parent = parent.Id })
    {
        Relation = Relation.Tie,
    };

    /// <summary>The rows that the filter leaves, counted.</summary>
    public static IReadOnlyList<PreferenceExample> Keep(
        IReadOnlyList<PreferenceExample> made, double threshold, Tally tally, AugmentationContext context, CancellationToken cancellation)
    {
        var kept = ConfidenceFilter.Filter(made, threshold, context, cancellation);
        tally.Add("made", made.Count);
        tally.Add("kept", kept.Count);
        tally.Add("dropped", made.Count - kept.Count);
        return kept;
    }
}
