namespace RewardKit.Training.Data;

/// <summary>What one should know of pairs before training on them.</summary>
public sealed class PairInspection
{
    private const int SampleCount = 5;

    /// <summary>Looks at pairs.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="seed">Chooses the samples.</param>
    public PairInspection(LoadedPairs pairs, int seed)
    {
        Pairs = pairs;
        var examples = pairs.Examples;
        Ties = examples.Count(e => e.Relation == Relation.Tie);
        Prompts = examples.Select(e => e.Prompt).Distinct().Count();
        Duplicates = pairs.Skipped.Where(s => s.Reason == PairFiles.Duplicate).Sum(s => s.Records.Count);
        var known = examples.Where(e => e.Relation == Relation.Preferred).Select(e => (e.Prompt, e.Chosen, e.Rejected)).ToHashSet();
        Contradicting = known.Count(e => known.Contains((e.Prompt, e.Rejected, e.Chosen)));
        Lengths = [("prompt", Spread(e => e.Prompt)), ("chosen", Spread(e => e.Chosen)), ("rejected", Spread(e => e.Rejected))];
        var order = Enumerable.Range(0, examples.Count).ToArray();
        new Random(seed).Shuffle(order);
        Samples = [.. order.Take(SampleCount).Order().Select(i => examples[i])];

        LengthSpread Spread(Func<PreferenceExample, Conversation> part)
        {
            var sorted = examples.Select(e => part(e).Messages.Sum(m => m.Content.EnumerateRunes().Count())).Order().ToArray();
            return new(sorted[0], (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2.0, sorted[^1]);
        }
    }

    /// <summary>The pairs, and what was skipped.</summary>
    public LoadedPairs Pairs { get; }

    /// <summary>Pairs of which neither response is better.</summary>
    public int Ties { get; }

    /// <summary>Different prompts.</summary>
    public int Prompts { get; }

    /// <summary>Copies of earlier pairs, which were left out.</summary>
    public int Duplicates { get; }

    /// <summary>Pairs whose reverse is there, too: the same prompt and responses, the other one chosen.</summary>
    public int Contradicting { get; }

    /// <summary>Characters (Unicode scalar values) without any template's marks, for prompt, chosen and rejected.</summary>
    public IReadOnlyList<(string Part, LengthSpread Characters)> Lengths { get; }

    /// <summary>Some pairs, in file order.</summary>
    public IReadOnlyList<PreferenceExample> Samples { get; }

    /// <summary>The number of prompts that are in both of two sets of pairs: what is known of the second before it is tested on.</summary>
    public static int SharedPrompts(LoadedPairs one, LoadedPairs other) =>
        one.Examples.Select(e => e.Prompt).Intersect(other.Examples.Select(e => e.Prompt)).Count();
}

/// <summary>How lengths spread.</summary>
/// <param name="Min">The shortest.</param>
/// <param name="Median">The middle one, or the mean of the two in the middle.</param>
/// <param name="Max">The longest.</param>
public sealed record LengthSpread(int Min, double Median, int Max);
