using TorchSharp;

namespace RewardKit.Plugins.Decoding;

/// <summary>The next tokens that come into question, and what a reward model says of them.</summary>
/// <param name="Logits">Their scores under the base, <c>[rows, tokens]</c>.</param>
/// <param name="Ids">By row, as continuations of one token each.</param>
internal sealed record NextTokens(torch.Tensor Logits, int[][][] Ids)
{
    /// <summary>The k most probable ones, the best first; or the whole vocabulary as it is numbered.</summary>
    /// <param name="logits">The base's scores of the vocabulary, <c>[rows, vocabulary]</c>.</param>
    /// <param name="k">How many; 0: the vocabulary.</param>
    public static NextTokens Best(torch.Tensor logits, int k)
    {
        var vocabulary = (int)logits.size(1);
        if (k == 0)
        {
            int[][] all = [.. Enumerable.Range(0, vocabulary).Select(id => (int[])[id])];
            return new(logits, [.. Enumerable.Repeat(all, (int)logits.size(0))]);
        }
        var width = Math.Min(k, vocabulary);
        var (best, ids) = logits.topk(width);
        return new(best, [.. ids.cpu().data<long>().ToArray().Chunk(width).Select(row => row.Select(id => (int[])[(int)id]).ToArray())]);
    }

    /// <summary>Rewards of the rows as if they ended with each of the tokens, <c>[rows, tokens]</c>.</summary>
    /// <param name="step">The rows.</param>
    /// <param name="scorer">The reward model.</param>
    /// <param name="chunk">How many tokens of a row are scored at a time, which bounds the memory; null: all.</param>
    public torch.Tensor Rewards(IDecodingStep step, IPrefixScorer scorer, int? chunk = null)
    {
        var width = Ids[0].Length;
        var size = Math.Min(chunk ?? width, width);
        torch.Tensor[] parts = [.. Enumerable.Range(0, (width + size - 1) / size).Select(part => step.Rewards(scorer, [.. Ids.Select(row => row.Skip(part * size).Take(size).ToArray())]))];
        return parts is [var whole] ? whole : torch.cat(parts, 1);
    }
}
