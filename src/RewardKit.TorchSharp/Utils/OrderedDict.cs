using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace TorchSharp.Utils;

/// <summary>A dictionary that keeps the order in which its entries were added, and is a list of them, too.</summary>
public class OrderedDict<TKey, TValue> : IDictionary<TKey, TValue>, IList<(TKey, TValue)> where TKey : notnull
{
    private readonly OrderedDictionary<TKey, TValue> _entries = [];

    /// <summary>The entries in order, as pairs of one kind.</summary>
    internal IEnumerable<KeyValuePair<TKey, TValue>> Entries => _entries;

    /// <summary>The entry at a position.</summary>
    public (TKey, TValue) this[int index]
    {
        get => Pair(_entries.GetAt(index));
        set => _entries.SetAt(index, value.Item1, value.Item2);
    }

    /// <summary>The value of a key; setting a new key adds it at the end.</summary>
    public TValue this[TKey key]
    {
        get => _entries[key];
        set => _entries[key] = value;
    }

    /// <summary>How many entries there are.</summary>
    public int Count => _entries.Count;

    /// <summary>False.</summary>
    public bool IsReadOnly => false;

    /// <summary>The keys in order.</summary>
    public ICollection<TKey> Keys => _entries.Keys;

    /// <summary>The values in order.</summary>
    public ICollection<TValue> Values => _entries.Values;

    /// <summary>Removes all entries.</summary>
    public void clear() => Clear();

    /// <summary>The entries in order.</summary>
    public IEnumerator<(TKey, TValue)> items() => GetEnumerator();

    /// <summary>The keys in order.</summary>
    public IEnumerable<TKey> keys() => _entries.Keys;

    /// <summary>The values in order.</summary>
    public IEnumerable<TValue> values() => _entries.Values;

    /// <summary>Adds an entry at the end.</summary>
    public void Add((TKey, TValue) item) => _entries.Add(item.Item1, item.Item2);

    /// <summary>Adds an entry at the end.</summary>
    public void Add(TKey key, TValue value) => _entries.Add(key, value);

    /// <summary>Adds an entry at the end.</summary>
    public void Add(KeyValuePair<TKey, TValue> item) => _entries.Add(item.Key, item.Value);

    /// <summary>Removes all entries.</summary>
    public void Clear() => _entries.Clear();

    /// <summary>Whether the entry is there.</summary>
    public bool Contains((TKey, TValue) item) => IndexOf(item) >= 0;

    /// <summary>Whether the entry is there.</summary>
    public bool Contains(KeyValuePair<TKey, TValue> item) => Contains((item.Key, item.Value));

    /// <summary>Whether there is an entry of this key.</summary>
    public bool ContainsKey(TKey key) => _entries.ContainsKey(key);

    /// <summary>Adds an entry at the end, unless the key is there already.</summary>
    internal bool TryAdd(TKey key, TValue value) => _entries.TryAdd(key, value);

    /// <summary>Copies the entries, in order.</summary>
    public void CopyTo((TKey, TValue)[] array, int arrayIndex)
    {
        foreach (var entry in this) array[arrayIndex++] = entry;
    }

    /// <summary>Copies the entries, in order.</summary>
    public void CopyTo(KeyValuePair<TKey, TValue>[] array, int arrayIndex) =>
        ((ICollection<KeyValuePair<TKey, TValue>>)_entries).CopyTo(array, arrayIndex);

    /// <summary>The position of an entry, or -1.</summary>
    public int IndexOf((TKey, TValue) item)
    {
        var index = _entries.IndexOf(item.Item1);
        return index >= 0 && EqualityComparer<TValue>.Default.Equals(_entries.GetAt(index).Value, item.Item2) ? index : -1;
    }

    /// <summary>Adds an entry at a position.</summary>
    public void Insert(int index, (TKey, TValue) item) => _entries.Insert(index, item.Item1, item.Item2);

    /// <summary>Removes an entry, if it is there.</summary>
    public bool Remove((TKey, TValue) item) => Contains(item) && _entries.Remove(item.Item1);

    /// <summary>Removes an entry, if it is there.</summary>
    public bool Remove(KeyValuePair<TKey, TValue> item) => Remove((item.Key, item.Value));

    /// <summary>Removes the entry of a key, if there is one.</summary>
    public bool Remove(TKey key) => _entries.Remove(key);

    /// <summary>Removes the entry at a position.</summary>
    public void RemoveAt(int index) => _entries.RemoveAt(index);

    /// <summary>The value of a key, if there is one.</summary>
    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value) => _entries.TryGetValue(key, out value);

    /// <summary>The entries in order.</summary>
    public IEnumerator<(TKey, TValue)> GetEnumerator() => _entries.Select(Pair).GetEnumerator();

    IEnumerator<KeyValuePair<TKey, TValue>> IEnumerable<KeyValuePair<TKey, TValue>>.GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static (TKey, TValue) Pair(KeyValuePair<TKey, TValue> entry) => (entry.Key, entry.Value);
}
