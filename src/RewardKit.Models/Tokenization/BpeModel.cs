using System.Collections.Concurrent;
using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016): a word starts as single characters, and the adjacent pair that stands
/// first in the list of merges is joined, leftmost first, until none is left.
/// </summary>
internal sealed class BpeModel
{
    private const int CachedWordLength = 64;
    private const int CachedWords = 1 << 16;

    private readonly Dictionary<string, int> _vocab;
    private readonly Dictionary<(int Left, int Right), (int Rank, int Id)> _merges;
    private readonly int?[]? _byteFallback;
    private readonly int? _unknown;
    private readonly bool _fuseUnknown;
    private readonly bool _ignoreMerges;
    private readonly ConcurrentDictionary<string, int[]> _cache = new();
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    /// <summary>Makes a model.</summary>
    /// <param name="vocab">Ids by token.</param>
    /// <param name="merges">Pairs of tokens, the first the most urgent; their joint token is in the vocabulary.</param>
    /// <param name="unknown">The token for characters outside the vocabulary; null drops them.</param>
    /// <param name="fuseUnknown">Whether adjacent unknown characters become one token.</param>
    /// <param name="byteFallback">Whether unknown characters become their bytes' tokens, <c>&lt;0x41&gt;</c>.</param>
    /// <param name="ignoreMerges">Whether a word that is a token stays whole, whatever the merges say.</param>
    public BpeModel(
        Dictionary<string, int> vocab, IReadOnlyList<(string Left, string Right)> merges,
        string? unknown, bool fuseUnknown, bool byteFallback, bool ignoreMerges)
    {
        _vocab = vocab;
        _fuseUnknown = fuseUnknown;
        _ignoreMerges = ignoreMerges;
        _unknown = unknown is not null && vocab.TryGetValue(unknown, out var id) ? id : null;
        _merges = new(merges.Count);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            _merges[(vocab[left], vocab[right])] = (rank, vocab[left + right]);
        }
        if (byteFallback)
            _byteFallback = [.. Enumerable.Range(0, 256).Select(b => vocab.TryGetValue($"<0x{b:X2}>", out var id) ? id : (int?)null)];
        SplitsAtSpaceMarks = merges.All(merge => !CrossesSpaceMark(merge.Left + merge.Right));
        _cached = _cache.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>
    /// True if no merge joins anything to a following <c>▁</c>: text may then be cut before each run of them, which
    /// changes no token and lets words be cached.
    /// </summary>
    public bool SplitsAtSpaceMarks { get; }

    /// <summary>Appends the tokens of a word.</summary>
    /// <param name="word">The word, normalised.</param>
    /// <param name="byteLevel">Whether the vocabulary is written in <see cref="ByteLevel"/>'s alphabet.</param>
    /// <param name="ids">Where the ids go.</param>
    public void Encode(ReadOnlySpan<char> word, bool byteLevel, List<int> ids)
    {
        if (_cached.TryGetValue(word, out var tokens))
        {
            ids.AddRange(tokens);
            return;
        }
        var text = byteLevel ? ByteLevel.Encode(word) : word.ToString();
        tokens = _ignoreMerges && _vocab.TryGetValue(text, out var whole) ? [whole] : Merge(Characters(text));
        ids.AddRange(tokens);
        if (word.Length <= CachedWordLength && Volatile.Read(ref _cacheCount) < CachedWords && _cached.TryAdd(word, tokens))
            Interlocked.Increment(ref _cacheCount);
    }

    private static bool CrossesSpaceMark(string token)
    {
        for (var i = 1; i < token.Length; i++)
            if (token[i] == '\u2581' && token[i - 1] != '\u2581') return true;
        return false;
    }

    private List<int> Characters(string text)
    {
        var ids = new List<int>(text.Length);
        var lastUnknown = false;
        Span<byte> bytes = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var unknown = false;
            if (_vocab.TryGetValue(rune.ToString(), out var id))
            {
                ids.Add(id);
            }
            else if (_byteFallback is not null && bytes[..rune.EncodeToUtf8(bytes)] is var encoded && AllBytesKnown(encoded))
            {
                foreach (var b in encoded) ids.Add(_byteFallback[b]!.Value);
            }
            else if (_unknown is { } unknownId)
            {
                unknown = true;
                if (!(_fuseUnknown && lastUnknown)) ids.Add(unknownId);
            }
            lastUnknown = unknown;
        }
        return ids;
    }

    private bool AllBytesKnown(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes) if (_byteFallback![b] is null) return false;
        return true;
    }

    // The symbols form a linked list in arrays; the queue holds a pair's rank and place and is cleaned lazily: an entry
    // whose place no longer holds a pair of that rank is stale.
    private int[] Merge(List<int> symbols)
    {
        var count = symbols.Count;
        if (count < 2) return [.. symbols];
        var next = new int[count];
        var previous = new int[count];
        var queue = new PriorityQueue<int, long>();
        for (var i = 0; i < count; i++) (next[i], previous[i]) = (i + 1 < count ? i + 1 : -1, i - 1);
        for (var i = 0; i + 1 < count; i++) Enqueue(i);
        while (queue.TryDequeue(out var place, out var priority))
        {
            if (symbols[place] < 0 || next[place] < 0) continue;
            var right = next[place];
            if (!_merges.TryGetValue((symbols[place], symbols[right]), out var merge) || merge.Rank != (int)(priority >> 32)) continue;
            symbols[place] = merge.Id;
            symbols[right] = -1;
            next[place] = next[right];
            if (next[right] >= 0) previous[next[right]] = place;
            if (previous[place] >= 0) Enqueue(previous[place]);
            if (next[place] >= 0) Enqueue(place);
        }
        return [.. symbols.Where(id => id >= 0)];

        void Enqueue(int place)
        {
            if (_merges.TryGetValue((symbols[place], symbols[next[place]]), out var merge))
                queue.Enqueue(place, ((long)merge.Rank << 32) | (uint)place);
        }
    }
}
