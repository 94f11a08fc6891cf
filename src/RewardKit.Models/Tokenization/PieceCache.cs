using System.Runtime.InteropServices;

namespace RewardKit.Models.Tokenization;

/// <summary>
/// The ids of pieces seen lately, in a fixed number of slots; a piece displaces whatever has the same hash. Entries never
/// change and references are written whole, so that threads need no lock.
/// </summary>
internal sealed class PieceCache
{
    /// <summary>Longer pieces are not kept: they rarely come again.</summary>
    public const int LongestPiece = 64;

    private const int Bits = 15;

    private sealed record Entry(string Piece, int[] Ids);

    private readonly Entry?[] _slots = new Entry?[1 << Bits];

    /// <summary>Finds a piece's ids.</summary>
    public bool TryGet(ReadOnlySpan<char> piece, out ReadOnlySpan<int> ids)
    {
        if (_slots[Slot(piece)] is { } entry && piece.SequenceEqual(entry.Piece))
        {
            ids = entry.Ids;
            return true;
        }
        ids = default;
        return false;
    }

    /// <summary>Keeps a piece's ids.</summary>
    public void Add(ReadOnlySpan<char> piece, ReadOnlySpan<int> ids)
    {
        if (piece.Length <= LongestPiece) _slots[Slot(piece)] = new(piece.ToString(), ids.ToArray());
    }

    private static int Slot(ReadOnlySpan<char> piece)
    {
        var hash = (ulong)piece.Length;
        for (; piece.Length >= 4; piece = piece[4..]) hash = Mix(hash ^ MemoryMarshal.Read<ulong>(MemoryMarshal.AsBytes(piece)));
        foreach (var c in piece) hash = (hash << 16 | hash >> 48) ^ c;
        return (int)(Mix(hash) >> (64 - Bits));
    }

    private static ulong Mix(ulong value) => (value ^ (value >> 32)) * 0x9E3779B97F4A7C15;
}
