using System.Globalization;
using TorchSharp;

namespace RewardKit.Plugins.Mmd;

/// <summary>The known trait of a response that its reward is not to depend on, as a number of bins.</summary>
internal sealed class SpuriousTrait
{
    private readonly string? _phrase;
    private readonly long[]? _edges;

    /// <summary>The trait that the options name.</summary>
    /// <exception cref="RewardKitException">They name two, or one that no response can differ in.</exception>
    public SpuriousTrait(MmdOptions options)
    {
        if (options is { Phrase: not null, LengthEdges: not null })
            throw RewardKitException.Input("mmd: phrase and lengthEdges are both set, but responses are put into bins by one trait; leave one out.");
        if (options.Phrase == "")
            throw RewardKitException.Input("mmd: phrase is empty, which every response contains; name a text, or leave it out for bins of length.");
        _phrase = options.Phrase;
        if (options.LengthEdges is { } text) _edges = Parse(text);
        Bins = _phrase is not null ? 2 : _edges?.Length + 1 ?? options.Bins;
    }

    /// <summary>The number of bins.</summary>
    public int Bins { get; }

    /// <summary>The bin of each response, from 0, <c>[pairs, 2]</c>, int64.</summary>
    public torch.Tensor BinsOf(PairBatch batch)
    {
        var lengths = batch.ResponseLengths;
        if (_phrase is not null)
        {
            bool[] contains = [.. batch.Examples.SelectMany(e => (bool[])[Contains(e.Chosen), Contains(e.Rejected)])];
            return torch.tensor(contains, device: lengths.device).to(torch.int64).reshape(batch.Pairs, 2);
        }
        var edges = _edges is not null ? torch.tensor(_edges, device: lengths.device) : Quantiles(lengths.reshape(-1));
        return lengths.unsqueeze(2).ge(edges).sum(2);
    }

    private bool Contains(Conversation response) => response.Messages.Any(m => m.Content.Contains(_phrase!, StringComparison.Ordinal));

    // Bounds that leave as many lengths below each as the bins there are worth.
    private torch.Tensor Quantiles(torch.Tensor lengths)
    {
        var count = lengths.shape[0];
        var ranks = Enumerable.Range(1, Bins - 1).Select(i => i * count / Bins).ToArray();
        return torch.sort(lengths).values.index_select(0, torch.tensor(ranks, device: lengths.device));
    }

    private static long[] Parse(string text)
    {
        var edges = text.Split(',').Select(part =>
            long.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var edge) ? edge : throw Bad()).ToArray();
        return edges.Zip(edges.Skip(1)).All(pair => pair.First < pair.Second) ? edges : throw Bad();

        RewardKitException Bad() => RewardKitException.Input(
            $"mmd: lengthEdges is \"{text}\"; write ascending whole numbers of tokens with commas between them, as \"50, 100, 200\".");
    }
}
