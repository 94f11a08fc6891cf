using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>
/// A pairwise model as a scorer: each pair is shown in both orders, and the probabilities are averaged. Both orders, and
/// consecutive pairs with the same prompt, share the computation of what their texts begin with.
/// </summary>
/// <param name="name">A name for messages and reports.</param>
/// <param name="model">The model, a pairwise one; stays the caller's.</param>
/// <param name="encoder">How texts become the model's tokens.</param>
/// <param name="batchTokens">The most tokens in a batch; a longer text goes alone.</param>
public sealed class PairScorer(string name, RewardModel model, PairEncoder encoder, int batchTokens = 8192) : IOrderedPairScorer
{
    /// <inheritdoc/>
    public string Name => name;

    /// <summary>Told, after each batch, how many pairs are done, and how many there are.</summary>
    public Action<int, int>? Progress { get; init; }

    /// <inheritdoc/>
    public IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation = default) =>
        [.. CompareOrders(requests, cancellation).Select(odds => PairScore.OfOrders(odds.FirstShownFirst, odds.SecondShownFirst).Margin)];

    /// <inheritdoc/>
    public IReadOnlyList<OrderedOdds> CompareOrders(IReadOnlyList<PairRequest> requests, CancellationToken cancellation = default)
    {
        var odds = new OrderedOdds[requests.Count];
        var done = 0;
        using var noGradients = no_grad();
        foreach (var batch in ScoringGroup.InBatches(Groups(requests), batchTokens))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var packed = new PackedBatch([.. batch.SelectMany(group => group.Items)], model.Device);
            var replies = model.Forward(packed, ForwardNeeds.Preferences).Preferences!;
            // Of each text, the log-odds that its first response is better; two texts a pair.
            var firsts = (replies.select(1, 0) - replies.select(1, 1)).to(ScalarType.Float64).cpu().data<double>().ToArray();
            var at = 0;
            foreach (var group in batch)
                for (var i = group.First; i < group.First + group.Requests; i++, at += 2)
                    // Equal responses are a tie, whatever rounding makes of them.
                    odds[i] = requests[i].First.Equals(requests[i].Second) ? default : new(firsts[at], -firsts[at + 1]);
            Progress?.Invoke(done += at / 2, requests.Count);
        }
        return odds;
    }

    private List<ScoringGroup> Groups(IReadOnlyList<PairRequest> requests)
    {
        var groups = new List<ScoringGroup>();
        for (var first = 0; first < requests.Count;)
        {
            var prompt = requests[first].Prompt;
            var end = first + 1;
            while (end < requests.Count && requests[end].Prompt.Equals(prompt)) end++;
            int[][] texts = [.. Enumerable.Range(first, end - first).SelectMany(i =>
            {
                var pair = encoder.EncodePair(prompt, requests[i].First, requests[i].Second);
                return (int[][])[pair.InOrder, pair.Exchanged];
            })];
            var shared = texts.Min(text => text.AsSpan().CommonPrefixLength(texts[0]));
            groups.Add(new(
                shared > 0 ? [new(texts[0][..shared], [.. texts.Select(text => text[shared..])])] : [.. texts.Select(text => new PackedItem(text, [[]]))],
                first, end - first));
            first = end;
        }
        return groups;
    }
}
