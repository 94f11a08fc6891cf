using System.Numerics;

namespace RewardKit.Models.Tokenization;

/// <summary>Which pairs of tokens are joined, how urgently, and to what: a hash table made once and then only read.</summary>
internal sealed class Merges
{
    private const ulong Empty = ulong.MaxValue;

    private readonly (ulong Pair, int Rank, int Id)[] _slots;
    private readonly int _shift;

    /// <summary>Makes a table.</summary>
    /// <param name="merges">Left and right token, rank (the least is the most urgent), and joint token; of equal pairs the last holds.</param>
    public Merges(IReadOnlyCollection<(int Left, int Right, int Rank, int Id)> merges)
    {
        var bits = BitOperations.Log2((uint)merges.Count | 1) + 2;
        _shift = 64 - bits;
        _slots = new (ulong, int, int)[1 << bits];
        Array.Fill(_slots, (Empty, 0, 0));
        foreach (var (left, right, rank, id) in merges)
        {
            var pair = Key(left, right);
            var slot = Slot(pair);
            while (_slots[slot].Pair != Empty && _slots[slot].Pair != pair) slot = (slot + 1) & (_slots.Length - 1);
            _slots[slot] = (pair, rank, id);
        }
    }

    /// <summary>Finds the merge of two tokens.</summary>
    public bool TryGet(int left, int right, out int rank, out int id)
    {
        var pair = Key(left, right);
        for (var slot = Slot(pair); ; slot = (slot + 1) & (_slots.Length - 1))
        {
            var found = _slots[slot];
            if (found.Pair == pair)
            {
                (rank, id) = (found.Rank, found.Id);
                return true;
            }
            if (found.Pair == Empty)
            {
                rank = id = 0;
                return false;
            }
        }
    }

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    // Fibonacci hashing: the product's upper bits depend on all of the pair's.
    private int Slot(ulong pair) => (int)(((pair ^ (pair >> 29)) * 0x9E3779B97F4A7C15) >> _shift);
}
