using RewardKit.Models.Tokenization;

namespace RewardKit.Training.Data;

/// <summary>What one should know of pairs before training on them.</summary>
public sealed class PairInspection
{
    private const int SampleCount = 5;
    private static readonly (string Name, Func<PreferenceExample, Conversation> Of)[] Parts =
        [("prompt", e => e.Prompt), ("chosen", e => e.Chosen), ("rejected", e => e.Rejected)];

    /// <summary>Looks at pairs.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="seed">Chooses the samples.</param>
    public PairInspection(LoadedPairs pairs, int seed)
    {
        Pairs = pairs;
        var examples = pairs.Examples;
        Ties = examples.Count(e => e.Relation == Relation.Tie);
        Prompts = examples.Select(e => PairId.Content(e.Prompt)).Distinct().Count();
        Duplicates = pairs.Skipped.Where(s => s.Reason == PairFiles.Duplicate).Sum(s => s.Records.Count);
        var preferred = examples.Where(e => e.Relation == Relation.Preferred);
        var known = preferred.Select(e => PairId.Content(e.Prompt, e.Chosen, e.Rejected)).ToHashSet();
        Contradicting = preferred.DistinctBy(e => PairId.Content(e.Prompt, e.Chosen, e.Rejected)).Count(e => known.Contains(PairId.Content(e.Prompt, e.Rejected, e.Chosen)));
        StepLabel[] labels = [.. examples.SelectMany(e => ((Conversation, Conversation, StepLabels?)[])[(e.Prompt, e.Chosen, e.ChosenSteps), (e.Prompt, e.Rejected, e.RejectedSteps)])
            .Where(side => side.Item3 is not null).DistinctBy(side => PairId.Content(side.Item1, side.Item2)).SelectMany(side => side.Item3!)];
        Steps = (labels.Length, labels.Length == 0 ? 0 : labels.Average(label => label.Right));
        Lengths = [.. Parts.Select(p => (p.Name, LengthSpread.Of(examples.Select(e => p.Of(e).Messages.Sum(m => m.Content.EnumerateRunes().Count())))))];
        var order = Enumerable.Range(0, examples.Count).ToArray();
        new Random(seed).Shuffle(order);
        Samples = [.. order.Take(SampleCount).Order().Select(i => examples[i])];
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

    /// <summary>Labels of steps, each response counted once, and their mean.</summary>
    public (int Labelled, double Right) Steps { get; }

    /// <summary>Characters (Unicode scalar values) without any template's marks, for prompt, chosen and rejected.</summary>
    public IReadOnlyList<(string Part, LengthSpread Characters)> Lengths { get; }

    /// <summary>Tokens as a model gets them, with the template's marks, for prompt, chosen and rejected.</summary>
    /// <param name="encoder">Makes the tokens; its limits cut, so that lengths beyond them need an encoder with higher ones.</param>
    public IReadOnlyList<(string Part, int[] Tokens)> Tokens(PairEncoder encoder)
    {
        var pairs = Pairs.Examples.Select(e => (
            Prompt: encoder.EncodePrompt(e.Prompt).Ids.Length, Chosen: encoder.EncodeResponse(e.Prompt, e.Chosen).Ids.Length,
            Rejected: encoder.EncodeResponse(e.Prompt, e.Rejected).Ids.Length)).ToArray();
        return
        [
            ("prompt", [.. pairs.Select(p => p.Prompt)]), ("chosen", [.. pairs.Select(p => p.Chosen)]),
            ("rejected", [.. pairs.Select(p => p.Rejected)]),
        ];
    }

    /// <summary>Some pairs, in file order.</summary>
    public IReadOnlyList<PreferenceExample> Samples { get; }

    /// <summary>The number of prompts that are in both of two sets of pairs: what is known of the second before it is tested on.</summary>
    public static int SharedPrompts(LoadedPairs one, LoadedPairs other) =>
        one.Examples.Select(e => PairId.Content(e.Prompt)).Intersect(other.Examples.Select(e => PairId.Content(e.Prompt))).Count();
}

/// <summary>How lengths spread.</summary>
/// <param name="Min">The shortest.</param>
/// <param name="Median">The middle one, or the mean of the two in the middle.</param>
/// <param name="P90">Nine in ten are no longer.</param>
/// <param name="P99">Ninety-nine in a hundred are no longer.</param>
/// <param name="Max">The longest.</param>
public sealed record LengthSpread(int Min, double Median, int P90, int P99, int Max)
{
    /// <summary>The spread of lengths.</summary>
    /// <param name="lengths">The lengths, at least one.</param>
    public static LengthSpread Of(IEnumerable<int> lengths)
    {
        var sorted = lengths.Order().ToArray();
        return new(sorted[0], (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2.0, Rank(90), Rank(99), sorted[^1]);

        int Rank(int percent) => sorted[(int)(((long)sorted.Length * percent + 99) / 100) - 1];
    }
}
