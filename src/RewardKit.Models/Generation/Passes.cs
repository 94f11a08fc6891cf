using RewardKit.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>Which texts' new tokens run through a model together.</summary>
internal static class Passes
{
    // On the CPU a linear layer sums each of up to so many rows as if it were alone, where there are kernels for it.
    private const int Alike = 512;

    /// <summary>
    /// Runs new tokens in as few passes as leave each text the bits that it has alone: beyond some number of rows matrix products
    /// round by it, and steps of a token each have another attention than longer stretches.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="bundles">The texts, those together that belong to one row.</param>
    /// <param name="tokens">How many new tokens a text has; at least one.</param>
    /// <param name="run">Runs those of some texts, whose numbers ascend: final hidden states, <c>[texts, hidden]</c>.</param>
    /// <returns>Final hidden states of all, in their order, <c>[texts, hidden]</c>.</returns>
    public static Tensor Run(CausalModel model, IReadOnlyList<int[]> bundles, Func<int, int> tokens, Func<HashSet<int>, Tensor> run)
    {
        var passes = Plan(model, bundles, tokens).ToArray();
        Tensor[] parts = [.. passes.Select(texts => run([.. texts]))];
        var hidden = parts.Length == 1 ? parts[0] : cat(parts);
        int[] computed = [.. passes.SelectMany(texts => texts.Order())], asked = [.. bundles.SelectMany(texts => texts)];
        if (computed.SequenceEqual(asked)) return hidden;
        var at = computed.Index().ToDictionary(text => text.Item, text => (long)text.Index);
        return hidden.index_select(0, tensor([.. asked.Select(text => at[text])], device: hidden.device));
    }

    /// <summary>Applies a head, likewise.</summary>
    /// <param name="hidden">Final hidden states, <c>[texts, hidden]</c>.</param>
    /// <param name="head">The head.</param>
    public static Tensor Read(Tensor hidden, Func<Tensor, Tensor> head) =>
        hidden.size(0) <= Alike ? head(hidden) : cat([.. hidden.split(Alike, 0).Select(head)]);

    private static IEnumerable<IEnumerable<int>> Plan(CausalModel model, IReadOnlyList<int[]> bundles, Func<int, int> tokens)
    {
        if (model.Device.type != DeviceType.CPU) return [bundles.SelectMany(texts => texts)];
        var alike = CachedAttention.Takes(model.Decoder.Embeddings);
        return bundles.GroupBy(texts => texts.All(text => tokens(text) == 1))
            .SelectMany(kind => InPieces(kind, alike ? Alike : kind.Key ? int.MaxValue : 0, tokens));
    }

    /// <summary>Bundles of no more than some tokens together; one that has more by itself.</summary>
    private static IEnumerable<IEnumerable<int>> InPieces(IEnumerable<int[]> bundles, int most, Func<int, int> tokens)
    {
        var (piece, count) = (new List<int>(), 0);
        foreach (var texts in bundles)
        {
            var size = texts.Sum(tokens);
            if (piece.Count > 0 && count + size > most)
            {
                yield return piece;
                (piece, count) = ([], 0);
            }
            piece.AddRange(texts);
            count += size;
        }
        yield return piece;
    }
}
