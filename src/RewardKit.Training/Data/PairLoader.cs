using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace RewardKit.Training.Data;

/// <summary>Reads pairs, whatever they are named by; what it has read once it keeps.</summary>
public sealed class PairLoader
{
    private readonly OrderedDictionary<PairData, LoadedPairs> _loaded = [];

    /// <summary>Everything that was read, in the order in which it was.</summary>
    public IEnumerable<KeyValuePair<PairData, LoadedPairs>> Loaded => _loaded;

    /// <summary>Reads pairs.</summary>
    /// <param name="data">What they are read from.</param>
    /// <exception cref="RewardKitException">A file cannot be read (see <see cref="PairFiles.Load"/>), or no pair is left.</exception>
    public LoadedPairs Load(PairData data)
    {
        if (_loaded.TryGetValue(data, out var known)) return known;
        var pairs = data switch
        {
            PairFile file => PairFiles.Load(file),
            PairPart part => Part(part),
            JoinedPairs joined => Joined(joined),
            MixedPairs mixed => Mixed(mixed),
            _ => throw new ArgumentException($"Unknown pair data {data.GetType().Name}.", nameof(data)),
        };
        _loaded.Add(data, pairs);
        return pairs;
    }

    private LoadedPairs Part(PairPart part)
    {
        var pairs = PairView.Of(Load(part.Whole).Examples, pair => IsIn(part, pair.Prompt));
        return pairs.Count > 0
            ? new(pairs, [])
            : throw RewardKitException.Input(FormattableString.Invariant(
                $"{part.Whole}: no pair falls into the {(part.First ? "train" : "test")} part at fraction {part.Fraction} and seed {part.Seed}; take another fraction or more pairs."));
    }

    private LoadedPairs Joined(JoinedPairs joined)
    {
        var (sources, copies) = Apart(joined.Sources);
        var counts = joined.Sources.Zip(sources, (data, pairs) => $"{pairs.Count} of {data}");
        return new(new PairView([.. sources.SelectMany(s => Enumerable.Range(0, s.Count).Select(i => new PairPlace(s, i)))]), []) { Origin = Sentence(counts, copies) };
    }

    private LoadedPairs Mixed(MixedPairs mixed)
    {
        var (sources, copies) = Apart([.. mixed.Sources.Select(s => s.Pairs)]);
        var shares = Shares([.. sources.Select(s => s.Count)], [.. mixed.Sources.Select(s => s.Weight)], mixed.Total);
        if (shares.Sum() == 0)
            throw RewardKitException.Input($"{mixed}: not one pair comes together in these shares; take more pairs or other weights.");
        var (pairs, counts) = (new List<PairPlace>(), new List<string>());
        foreach (var ((source, share), data) in sources.Zip(shares).Zip(mixed.Sources))
        {
            // The whole source as often as it goes in, then a draw of it; in the source's order, as epochs shuffle anyway.
            var (passes, rest) = Math.DivRem(share, source.Count);
            for (var pass = 1; pass <= passes; pass++) pairs.AddRange(Enumerable.Range(0, source.Count).Select(i => new PairPlace(source, i, pass)));
            var order = Enumerable.Range(0, source.Count).ToArray();
            new Random(mixed.Seed).Shuffle(order);
            pairs.AddRange(order.Take(rest).Order().Select(i => new PairPlace(source, i, passes + 1)));
            counts.Add($"{share} from the {source.Count} of {data.Pairs}{(share > source.Count ? ", some more than once" : "")}");
        }
        return new(new PairView([.. pairs]), []) { Origin = Sentence(counts, copies) };
    }

    // Each source's own pairs, without those of the sources before it.
    private (List<IReadOnlyList<PreferenceExample>> Sources, int Copies) Apart(IReadOnlyList<PairData> data)
    {
        var known = new HashSet<UInt128>();
        var (sources, copies) = (new List<IReadOnlyList<PreferenceExample>>(), 0);
        foreach (var part in data)
        {
            var all = Load(part).Examples;
            UInt128[] contents = [.. all.Select(pair => PairId.Content(pair.Prompt, pair.Chosen, pair.Rejected))];
            var own = new PairView([.. contents.Index().Where(c => !known.Contains(c.Item)).Select(c => new PairPlace(all, c.Index))]);
            if (own.Count == 0) throw RewardKitException.Input($"{part}: every pair of it is in the sources before it; leave it out.");
            known.UnionWith(contents);
            copies += all.Count - own.Count;
            sources.Add(own);
        }
        return (sources, copies);
    }

    /// <summary>How many pairs each source gives: whole numbers in the ratio of the weights, by largest remainder.</summary>
    internal static int[] Shares(int[] counts, double[] weights, int? total)
    {
        var sum = weights.Sum();
        var most = total ?? (int)counts.Zip(weights, (count, weight) => Math.Floor(count * sum / weight * (1 + 1e-12))).Append(int.MaxValue).Min();
        double[] exact = [.. weights.Select(weight => most * (weight / sum))];
        int[] shares = [.. exact.Select(share => (int)share)];
        var left = most - shares.Sum();
        foreach (var i in Enumerable.Range(0, shares.Length).OrderByDescending(i => exact[i] - shares[i]).ThenBy(i => i).Take(left)) shares[i]++;
        return shares;
    }

    private static string Sentence(IEnumerable<string> counts, int copies) =>
        string.Join("; ", counts) + (copies > 0 ? $"; {copies} copies of pairs of an earlier source left out" : "");

    private static bool IsIn(PairPart part, Conversation prompt)
    {
        var text = string.Concat(prompt.Messages.Select(m => $"\0{m.Role}\0{m.Content}"));
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{part.Seed}{text}"));
        return BinaryPrimitives.ReadUInt64BigEndian(hash) < part.Fraction * Math.Pow(2, 64) == part.First;
    }
}
