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
    /// <summary>How many tokens the model computes for it; the prompt counts once.</summary>
    public int Tokens => Prompt.Ids.Length + Chosen.Ids.Length + Rejected.Ids.Length;
}

/// <summary>Turns examples into token pairs, and token pairs into what model and loss see.</summary>
internal static class PairBatcher
{
    public static TokenPair[] Encode(IReadOnlyList<PreferenceExample> examples, PairEncoder encoder) =>
        [.. examples.Select(e => new TokenPair(
            e, encoder.EncodePrompt(e.Prompt), encoder.EncodeResponse(e.Prompt, e.Chosen), encoder.EncodeResponse(e.Prompt, e.Rejected)))];

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

    /// <summary>The model's view: prompts once, both responses behind each, no padding.</summary>
    public static PackedBatch Pack(IReadOnlyList<TokenPair> pairs, torch.Device device) =>
        new([.. pairs.Select(p => new PackedItem(p.Prompt.Ids, [p.Chosen.Ids, p.Rejected.Ids]))], device);

    /// <summary>The loss's view: one row a pair.</summary>
    public static PairBatch Rows(IReadOnlyList<TokenPair> pairs, TrainingStep step, torch.Device device)
    {
        var ties = torch.tensor(
            pairs.Select(p => p.Example.Relation == Relation.Tie).ToArray(), dtype: torch.ScalarType.Bool, device: device);
        var lengths = torch.tensor(
            pairs.SelectMany(p => new long[] { p.Chosen.Ids.Length, p.Rejected.Ids.Length }).ToArray(), [pairs.Count, 2],
            dtype: torch.ScalarType.Int64, device: device);
        return new PairBatch([.. pairs.Select(p => p.Example)], ties, lengths, step);
    }
}
