using System.Diagnostics.CodeAnalysis;

namespace RewardKit.Models.Templates;

/// <summary>A name or attribute that is not there. It prints as nothing and is false; more than that is refused.</summary>
internal sealed class Undefined(string why)
{
    public string Why => why;
}

/// <summary>What kind of Python sequence a <see cref="Sequence"/> stands for.</summary>
internal enum SequenceForm
{
    List, Tuple, Range,

    /// <summary>A dictionary's keys, values or items: has a length, but no indices.</summary>
    View,

    /// <summary>What a filter yields: can be walked through once.</summary>
    Stream,
}

/// <summary>A sequence of values; never changed once made, but for a stream, which is empty after its use.</summary>
internal sealed class Sequence(IReadOnlyList<object?> items, SequenceForm form)
{
    private IReadOnlyList<object?> _items = items;

    public SequenceForm Form => form;

    public bool Indexed => form is SequenceForm.List or SequenceForm.Tuple or SequenceForm.Range;

    /// <summary>The items, of a sequence that is no stream.</summary>
    public IReadOnlyList<object?> Items => _items;

    /// <summary>The items; of a stream at most so many, which are then gone from it.</summary>
    public IReadOnlyList<object?> Take(int count = int.MaxValue)
    {
        if (form != SequenceForm.Stream) return _items;
        var (all, taken) = (_items, Math.Min(count, _items.Count));
        _items = [.. all.Skip(taken)];
        return [.. all.Take(taken)];
    }
}

/// <summary>A dictionary in the order of its keys' arrival. Keys are strings or numbers.</summary>
internal sealed class Map
{
    private readonly OrderedDictionary<object, object?> _entries = new(new KeyComparer());

    public int Count => _entries.Count;

    public IEnumerable<object> Keys => _entries.Keys;

    public IReadOnlyList<KeyValuePair<object, object?>> Entries => _entries;

    public void Set(RenderState state, object? key, object? value)
    {
        if (key is not (string or long or double or bool)) throw state.Refuse($"a {Values.TypeName(key)} cannot be a key; keys are strings or numbers");
        _entries[key] = value;
    }

    public void Set(string key, object? value) => _entries[key] = value;

    public bool TryGet(object? key, out object? value)
    {
        value = null;
        return key is not null && _entries.TryGetValue(key, out value);
    }
}

/// <summary>Equality of keys and of what <c>unique</c> tells apart: as in Python, 1, 1.0 and true are the same.</summary>
internal sealed class KeyComparer : IEqualityComparer<object>
{
    public new bool Equals(object? x, object? y) =>
        Values.Number(x) is { } a && Values.Number(y) is { } b ? a == b : object.Equals(x, y);

    public int GetHashCode([DisallowNull] object value) => Values.Number(value) is { } number ? number.GetHashCode() : value.GetHashCode();
}

/// <summary>Something whose attributes are its own affair: a loop, a namespace.</summary>
internal interface IAttributes
{
    object? Get(RenderState state, string name);
}

/// <summary>The only thing that a template can change: what <c>namespace()</c> makes.</summary>
internal sealed class Namespace : IAttributes
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public void Set(string name, object? value) => _values[name] = value;

    public object? Get(RenderState state, string name) =>
        _values.TryGetValue(name, out var value) ? value : new Undefined($"the namespace has no attribute '{name}'");
}

/// <summary>A function, macro or method.</summary>
internal sealed class Callable(string name, Func<RenderState, Arguments, object?> run)
{
    public string Name => name;

    public object? Run(RenderState state, Arguments arguments) => run(state, arguments);
}

/// <summary>
/// A value is null (None), bool, long, double, string, <see cref="Sequence"/>, <see cref="Map"/>, <see cref="Namespace"/>,
/// <see cref="Loop"/>, <see cref="Callable"/> or <see cref="Undefined"/>; nothing else, so nothing else can be reached.
/// </summary>
internal static class Values
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        Sequence { Form: SequenceForm.Stream } => true,
        Sequence sequence => sequence.Items.Count > 0,
        Map map => map.Count > 0,
        _ => true,
    };

    public static string TypeName(object? value) => value switch
    {
        null => "None",
        bool => "bool",
        long => "int",
        double => "float",
        string => "str",
        Sequence { Form: SequenceForm.List } => "list",
        Sequence { Form: SequenceForm.Tuple } => "tuple",
        Sequence { Form: SequenceForm.Range } => "range",
        Sequence { Form: SequenceForm.View } => "view of a dict",
        Sequence => "generator",
        Map => "dict",
        Namespace => "namespace",
        Loop => "loop",
        Callable => "function",
        _ => "undefined value",
    };

    /// <summary>A number, as Python counts them (true is 1); null for anything else.</summary>
    public static double? Number(object? value) => value switch
    {
        bool flag => flag ? 1 : 0,
        long number => number,
        double number => number,
        _ => null,
    };

    /// <summary>A whole number, true and false included.</summary>
    public static long? Whole(object? value) => value switch
    {
        bool flag => flag ? 1 : 0,
        long number => number,
        _ => null,
    };

    /// <summary>What a walk through a value meets: items, keys, characters. An undefined value has none.</summary>
    public static IReadOnlyList<object?> Items(RenderState state, object? value)
    {
        IReadOnlyList<object?> items = value switch
        {
            Sequence sequence => sequence.Take(),
            Map map => [.. map.Keys],
            string text => [.. CodePoints.Split(state.Text(text))],
            Undefined => [],
            _ => throw state.Refuse($"a {TypeName(value)} has no items to walk through"),
        };
        state.Charge(items.Count);
        return items;
    }

    public static Sequence List(IEnumerable<object?> items) => new([.. items], SequenceForm.List);

    public static Sequence Stream(IEnumerable<object?> items) => new([.. items], SequenceForm.Stream);

    public static Sequence Pair(object? first, object? second) => new([first, second], SequenceForm.Tuple);

    public static string Text(RenderState state, object? value, string what) =>
        value as string ?? throw state.Refuse(value is Undefined missing ? missing.Why : $"{what} is a {TypeName(value)}; expected a str");
}
