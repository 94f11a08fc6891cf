using System.Collections;
using System.Diagnostics.CodeAnalysis;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A dictionary whose modules belong to the module that has it; it keeps the order of insertion.</summary>
public class ModuleDict<T> : nn.Module, IDictionary<string, T>, IList<(string, T)> where T : nn.Module
{
    private readonly OrderedDict<string, T> _entries = [];

    /// <summary>An empty dictionary.</summary>
    public ModuleDict() : base(nameof(ModuleDict<T>))
    {
    }

    /// <summary>The module of a name.</summary>
    public T this[string key]
    {
        get => _entries[key];
        set => Change(() => _entries[key] = value);
    }

    /// <summary>The name and module at a position.</summary>
    public (string, T) this[int index]
    {
        get => _entries[index];
        set => Change(() => _entries[index] = value);
    }

    /// <summary>How many there are.</summary>
    public int Count => _entries.Count;

    /// <summary>False.</summary>
    public bool IsReadOnly => false;

    /// <summary>The names in order.</summary>
    public ICollection<string> Keys => _entries.Keys;

    /// <summary>The modules in order.</summary>
    public ICollection<T> Values => _entries.Values;

    /// <summary>Removes all modules without disposing them.</summary>
    public void clear() => Clear();

    /// <summary>Names and modules in order.</summary>
    public IEnumerator<(string, T)> items() => GetEnumerator();

    /// <summary>The names in order.</summary>
    public IEnumerable<string> keys() => Keys;

    /// <summary>The modules in order.</summary>
    public IEnumerable<T> values() => Values;

    /// <summary>Adds a module.</summary>
    public void Add((string, T) item) => Change(() => _entries.Add(item));

    /// <summary>Adds a module.</summary>
    public void Add(string key, T value) => Add((key, value));

    /// <summary>Adds a module.</summary>
    public void Add(KeyValuePair<string, T> item) => Add((item.Key, item.Value));

    /// <summary>Removes all modules without disposing them.</summary>
    public void Clear() => Change(_entries.Clear);

    /// <summary>Whether the module is there under that name.</summary>
    public bool Contains((string, T) item) => _entries.Contains(item);

    /// <summary>Whether the module is there under that name.</summary>
    public bool Contains(KeyValuePair<string, T> item) => _entries.Contains(item);

    /// <summary>Whether there is a module of that name.</summary>
    public bool ContainsKey(string key) => _entries.ContainsKey(key);

    /// <summary>Copies names and modules, in order.</summary>
    public void CopyTo((string, T)[] array, int arrayIndex) => _entries.CopyTo(array, arrayIndex);

    /// <summary>Copies names and modules, in order.</summary>
    public void CopyTo(KeyValuePair<string, T>[] array, int arrayIndex) => _entries.CopyTo(array, arrayIndex);

    /// <summary>The position of a name and module, or -1.</summary>
    public int IndexOf((string, T) item) => _entries.IndexOf(item);

    /// <summary>Adds a module at a position.</summary>
    public void Insert(int index, (string, T) item) => Change(() => _entries.Insert(index, item));

    /// <summary>Removes a module without disposing it.</summary>
    public bool Remove((string, T) item) => Contains(item) && Remove(item.Item1);

    /// <summary>Removes a module without disposing it.</summary>
    public bool Remove(KeyValuePair<string, T> item) => Remove((item.Key, item.Value));

    /// <summary>Removes a module without disposing it.</summary>
    public bool Remove(string key)
    {
        var removed = _entries.Remove(key);
        Register();
        return removed;
    }

    /// <summary>Removes the module at a position without disposing it.</summary>
    public void RemoveAt(int index) => Change(() => _entries.RemoveAt(index));

    /// <summary>The module of a name, if there is one.</summary>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out T value) => _entries.TryGetValue(key, out value);

    /// <summary>Names and modules in order.</summary>
    public IEnumerator<(string, T)> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator<KeyValuePair<string, T>> IEnumerable<KeyValuePair<string, T>>.GetEnumerator() => _entries.Entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The modules are registered as the dictionary changes, not found among the fields.</summary>
    protected override void RegisterComponents()
    {
    }

    private void Change(Action change)
    {
        change();
        Register();
    }

    private void Register()
    {
        ClearModules();
        foreach (var (name, module) in _entries) register_module(name, module);
    }
}
