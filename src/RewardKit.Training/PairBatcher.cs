using RewardKit.Models;
using RewardKit.Models.Tokenization;
using TorchSharp;

namespace RewardKit.Training;

/// <summary>A pair with its tokens.</summary>
/// <param name="Example">The pair.</param>
/// <param name="Prompt">Prompt tokens.</param>
/// <param name="Chosen">Tokens of the chosen response.</param>
/// <param name="Rejected">Tokens of the rejected response.</param>
internal sealed record TokenPair(PreferenceExample Example, EncodedText Prompt, EncodedText Chosen, EncodedText Rejected)
{
    /// <summary>Both responses in one text, for a pairwise model; null for any other.</summary>
    public EncodedPair? Text { get; init; }

    /// <summary>The labelled tokens of the chosen response; none where the loss reads none.</summary>
    public IReadOnlyList<TokenLabel> ChosenLabels { get; init; } = [];

    /// <summary>Those of the rejected response.</summary>
    public IReadOnlyList<TokenLabel> RejectedLabels { get; init; } = [];

    /// <summary>How many tokens the model computes for it; the prompt counts once.</summary>
    public int Tokens => Text is not null ? Text.InOrder.Length : Prompt.Ids.Length + Chosen.Ids.Length + Rejected.Ids.Length;

    /// <summary>Whether one of its texts is longer than the model's limits.</summary>
    public bool TooLong => Prompt.Truncated || Chosen.Truncated || Rejected.Truncated;
}

/// <summary>A token of a response at which a step ends.</summary>
/// <param name="Token">Its index in the response.</param>
/// <param name="Right">The probability that all is right up to there.</param>
internal readonly record struct TokenLabel(int Token, double Right);

/// <summary>Deals pairs out into batches, and turns them into what model and loss see.</summary>
internal static class PairBatcher
{
    /// <summary>
    /// The order of one epoch as batches of indices. The seed and the epoch alone decide it. The last batch may be short.
    /// </summary>
    public static IEnumerable<int[]> Epoch(int count, int batchSize, int seed, int epoch)
    {
        var order = Enumerable.Range(0, count).ToArray();
        new Random(unchecked(seed * 1_000_003 + epoch)).Shuffle(order);
        return order.Chunk(batchSize);
    }

    /// <summary>The size of an epoch's batch at a place.</summary>
    public static int BatchSize(int count, int batchSize, int place) => Math.Min(batchSize, count - place * batchSize);

    /// <summary>
    /// The model's view, without padding: each prompt once, and behind it each of its responses once, in however many pairs of
    /// the batch they stand.
    /// </summary>
    public static PackedPairs Pack(IReadOnlyList<TokenPair> pairs, torch.Device device)
    {
        var prompts = new OrderedDictionary<int[], OrderedDictionary<EncodedText, int>>(SameTokens.Comparer);
        foreach (var pair in pairs)
        {
            if (!prompts.TryGetValue(pair.Prompt.Ids, out var responses))
                prompts.Add(pair.Prompt.Ids, responses = new(SameResponse.Comparer));
            responses.TryAdd(pair.Chosen, 0);
            responses.TryAdd(pair.Rejected, 0);
        }
        var sequences = 0;
        foreach (var responses in prompts.Values)
            for (var i = 0; i < responses.Count; i++) responses.SetAt(i, sequences++);
        var batch = new PackedBatch([.. prompts.Select(p => new PackedItem(
            p.Key, [.. p.Value.Keys.Select(r => r.Ids)], [.. p.Value.Keys.Select(r => r.LastTurn)]))], device);
        return new(batch, [.. pairs.SelectMany(p => new long[] { prompts[p.Prompt.Ids][p.Chosen], prompts[p.Prompt.Ids][p.Rejected] })]);
    }

    /// <summary>The places of labelled tokens among all tokens of the pairs' responses: chosen, then rejected, pair by pair.</summary>
    public static long[] LabelledTokens(IReadOnlyList<TokenPair> pairs)
    {
        var (places, before) = (new List<long>(), 0L);
        foreach (var pair in pairs)
            foreach (var (text, labels) in new[] { (pair.Chosen, pair.ChosenLabels), (pair.Rejected, pair.RejectedLabels) })
            {
                places.AddRange(labels.Select(label => before + label.Token));
                before += text.Ids.Length;
            }
        return [.. places];
    }

    /// <summary>The loss's view: one row a pair.</summary>
    public static PairBatch Rows(IReadOnlyList<TokenPair> pairs, TrainingStep step, StepTotals totals, torch.Device device)
    {
        var ties = torch.tensor(
            pairs.Select(p => p.Example.Relation == Relation.Tie).ToArray(), dtype: torch.ScalarType.Bool, device: device);
        return new PairBatch([.. pairs.Select(p => p.Example)], ties, Lengths(response => response.Ids.Length), step, Lengths(response => response.LastTurn), totals)
        {
            StepLabels = torch.tensor(pairs.SelectMany(p => p.ChosenLabels.Concat(p.RejectedLabels)).Select(label => label.Right).ToArray(), dtype: torch.ScalarType.Float64, device: device),
            StepCounts = Two(p => p.ChosenLabels.Count, p => p.RejectedLabels.Count),
        };

        torch.Tensor Lengths(Func<EncodedText, int> length) => Two(p => length(p.Chosen), p => length(p.Rejected));

        torch.Tensor Two(Func<TokenPair, int> chosen, Func<TokenPair, int> rejected) => torch.tensor(
            pairs.SelectMany(p => new long[] { chosen(p), rejected(p) }).ToArray(), [pairs.Count, 2], dtype: torch.ScalarType.Int64, device: device);
    }
}
