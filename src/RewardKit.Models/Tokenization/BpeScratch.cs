using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>What merging a word needs, kept by each thread, so that a word costs no memory of its own.</summary>
internal sealed class BpeScratch
{
    // A text without a space is one word; what only such a text needs is not kept.
    private const int LargestKept = 1 << 16;
    private const int Joined = -1;

    [ThreadStatic]
    private static BpeScratch? t_kept;

    private readonly PriorityQueue<int, long> _queue = new();
    private char[] _letters = new char[64];
    private byte[] _bytes = new byte[64];
    private int[] _symbols = new int[64];
    private int[] _next = new int[64];
    private int[] _previous = new int[64];
    private int _count;

    /// <summary>The tokens of the word.</summary>
    public ReadOnlySpan<int> Symbols => _symbols.AsSpan(0, _count);

    /// <summary>Takes the thread's own.</summary>
    public static BpeScratch Rent()
    {
        var scratch = t_kept ?? new();
        t_kept = null;
        return scratch;
    }

    /// <summary>Gives it back.</summary>
    public void Return() => t_kept = _symbols.Length <= LargestKept ? this : null;

    /// <summary>Begins a word of at most so many symbols.</summary>
    public void Start(int capacity)
    {
        _count = 0;
        if (capacity <= _symbols.Length) return;
        (_symbols, _next, _previous) = (new int[capacity], new int[capacity], new int[capacity]);
    }

    /// <summary>Adds a symbol to the word.</summary>
    public void Add(int symbol) => _symbols[_count++] = symbol;

    /// <summary>Writes text as its UTF-8 bytes in <see cref="Tokenization.ByteLevel"/>'s alphabet.</summary>
    public ReadOnlySpan<char> ByteLevel(ReadOnlySpan<char> text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (_bytes.Length < most) (_bytes, _letters) = (new byte[most], new char[most]);
        var count = Encoding.UTF8.GetBytes(text, _bytes);
        for (var i = 0; i < count; i++) _letters[i] = Tokenization.ByteLevel.ToChar(_bytes[i]);
        return _letters.AsSpan(0, count);
    }

    /// <summary>
    /// Joins pairs, the least rank first, of equal ranks the leftmost. The symbols form a linked list in arrays; the queue
    /// holds a pair's rank and place and is cleaned lazily: an entry whose place no longer holds a pair of that rank is
    /// stale.
    /// </summary>
    public void Merge(Merges merges)
    {
        if (_count < 2) return;
        for (var i = 0; i < _count; i++) (_next[i], _previous[i]) = (i + 1, i - 1);
        for (var i = 0; i + 1 < _count; i++) Enqueue(merges, i);
        while (_queue.TryDequeue(out var place, out var priority))
        {
            var right = _next[place];
            if (_symbols[place] == Joined || right == _count) continue;
            if (!merges.TryGet(_symbols[place], _symbols[right], out var rank, out var id) || rank != (int)(priority >> 32)) continue;
            _symbols[place] = id;
            _symbols[right] = Joined;
            _next[place] = _next[right];
            if (_next[place] < _count)
            {
                _previous[_next[place]] = place;
                Enqueue(merges, place);
            }
            if (_previous[place] >= 0) Enqueue(merges, _previous[place]);
        }
        var kept = 0;
        for (var i = 0; i < _count; i++)
            if (_symbols[i] != Joined) _symbols[kept++] = _symbols[i];
        _count = kept;
    }

    private void Enqueue(Merges merges, int place)
    {
        if (merges.TryGet(_symbols[place], _symbols[_next[place]], out var rank, out _))
            _queue.Enqueue(place, ((long)rank << 32) | (uint)place);
    }
}
