using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>A byte-pair encoding as its files describe it.</summary>
/// <param name="Vocab">Ids by token.</param>
/// <param name="Merges">Pairs of tokens that are joined, their rank (the least first), and their joint token.</param>
internal sealed record BpeFile(Dictionary<string, int> Vocab, List<(int Left, int Right, int Rank, int Id)> Merges)
{
    /// <summary>The token for characters outside the vocabulary; null drops them.</summary>
    public int? Unknown { get; init; }

    /// <summary>Whether adjacent unknown characters become one token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Whether unknown characters become their bytes' tokens, <c>&lt;0x41&gt;</c>.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a word that is a token stays whole, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Whether the vocabulary is written in <see cref="Tokenization.ByteLevel"/>'s alphabet.</summary>
    public bool ByteLevel { get; init; }
}

/// <summary>
/// Byte-pair encoding (Sennrich et al. 2016): a word starts as single characters, and the adjacent pair of least rank is
/// joined, leftmost first, until none is left. Safe to use from several threads.
/// </summary>
internal sealed class BpeModel : Stage
{
    private const char SpaceMark = '\u2581';
    private const int NoId = -1;

    private readonly BpeFile _file;
    private readonly Merges _merges;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _vocab;
    private readonly Dictionary<int, int> _characters = [];
    private readonly int[] _firstCharacters = new int[0x200];
    private readonly int[]? _bytes;
    private readonly HashSet<char>? _joinedToSpaceMark;
    private readonly PieceCache _cache = new();

    /// <summary>Makes a model.</summary>
    public BpeModel(BpeFile file)
    {
        _file = file;
        _merges = new(file.Merges);
        _vocab = file.Vocab.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var (token, id) in file.Vocab)
            if (token.Length > 0 && Rune.TryGetRuneAt(token, 0, out var rune) && rune.Utf16SequenceLength == token.Length)
                _characters[rune.Value] = id;
        for (var c = 0; c < _firstCharacters.Length; c++) _firstCharacters[c] = _characters.GetValueOrDefault(c, NoId);
        if (file.ByteFallback)
            _bytes = [.. Enumerable.Range(0, 256).Select(b => file.Vocab.GetValueOrDefault($"<0x{b:X2}>", NoId))];
        _joinedToSpaceMark = JoinedToSpaceMark(file);
    }

    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<char> text, bool atStart, List<int> ids)
    {
        if (_joinedToSpaceMark is not null)
        {
            var from = 1;
            while (from < text.Length && text[from..].IndexOf(SpaceMark) is >= 0 and var offset)
            {
                var mark = from + offset;
                from = mark + 1;
                if (text[mark - 1] == SpaceMark || _joinedToSpaceMark.Contains(text[mark - 1])) continue;
                EncodeWord(text[..mark], ids);
                text = text[mark..];
                from = 1;
            }
        }
        EncodeWord(text, ids);
    }

    private void EncodeWord(ReadOnlySpan<char> word, List<int> ids)
    {
        if (_cache.TryGet(word, out var cached))
        {
            if (cached.Length == 1) ids.Add(cached[0]);
            else ids.AddRange(cached);
            return;
        }
        var scratch = BpeScratch.Rent();
        var tokens = Tokens(word, scratch);
        ids.AddRange(tokens);
        _cache.Add(word, tokens);
        scratch.Return();
    }

    private ReadOnlySpan<int> Tokens(ReadOnlySpan<char> word, BpeScratch scratch)
    {
        if (_file.ByteLevel) word = scratch.ByteLevel(word);
        if (_file.IgnoreMerges && _vocab.TryGetValue(word, out var whole))
        {
            scratch.Start(1);
            scratch.Add(whole);
            return scratch.Symbols;
        }
        scratch.Start(_bytes is null ? word.Length : 3 * word.Length);
        AddCharacters(word, scratch);
        scratch.Merge(_merges);
        return scratch.Symbols;
    }

    private void AddCharacters(ReadOnlySpan<char> text, BpeScratch scratch)
    {
        var lastUnknown = false;
        Span<byte> buffer = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            var unknown = false;
            var id = rune.Value < _firstCharacters.Length ? _firstCharacters[rune.Value] : _characters.GetValueOrDefault(rune.Value, NoId);
            if (id != NoId)
            {
                scratch.Add(id);
            }
            else if (_bytes is not null && buffer[..rune.EncodeToUtf8(buffer)] is var bytes && AllKnown(bytes))
            {
                foreach (var b in bytes) scratch.Add(_bytes[b]);
            }
            else if (_file.Unknown is { } unknownId)
            {
                unknown = true;
                if (!(_file.FuseUnknown && lastUnknown)) scratch.Add(unknownId);
            }
            lastUnknown = unknown;
        }
    }

    private bool AllKnown(ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes) if (_bytes![b] == NoId) return false;
        return true;
    }

    // Text written with space marks is one long word. Where no merge joins a character to a following mark, it may be cut
    // between the two, which changes no token and lets words be cached. Here are the characters that some merge does join;
    // null where it cannot be told.
    private static HashSet<char>? JoinedToSpaceMark(BpeFile file)
    {
        if (file.ByteLevel || file.IgnoreMerges || !file.Vocab.ContainsKey(SpaceMark.ToString())) return null;
        var tokens = new string[file.Vocab.Count == 0 ? 0 : file.Vocab.Values.Max() + 1];
        foreach (var (token, id) in file.Vocab) tokens[id] = token;
        var joined = new HashSet<char>();
        foreach (var (left, right, _, _) in file.Merges)
        {
            if (!tokens[right].StartsWith(SpaceMark)) continue;
            // A byte's token stands for another character than its name ends with.
            if (tokens[left] is ['<', '0', 'x', _, _, '>']) return null;
            joined.Add(tokens[left][^1]);
        }
        return joined;
    }
}
