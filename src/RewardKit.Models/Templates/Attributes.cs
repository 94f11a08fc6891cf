namespace RewardKit.Models.Templates;

/// <summary>What a value's attributes, items and slices are: the given values, and the methods named here.</summary>
internal static class Attributes
{
    // Jinja2's sandbox has them, but not for templates: they change the value.
    private static readonly string[] ListChanges = ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"];
    private static readonly string[] MapChanges = ["clear", "pop", "popitem", "setdefault", "update"];

    /// <summary><c>value.name</c>: a method, else a dictionary's entry.</summary>
    public static object? Get(RenderState state, object? value, string name)
    {
        if (value is Undefined missing) throw state.Refuse($"{missing.Why}, so it has no attribute '{name}'");
        if (Method(value, name) is { } method) return method;
        return value switch
        {
            Map map when map.TryGet(name, out var entry) => entry,
            IAttributes own => own.Get(state, name),
            _ => None(value, name),
        };
    }

    /// <summary><c>value[index]</c>: an entry or item, else a method.</summary>
    public static object? Item(RenderState state, object? value, object? index)
    {
        switch (value)
        {
            case Undefined missing:
                throw state.Refuse($"{missing.Why}, so it has no items");
            case Map map when map.TryGet(index, out var entry):
                return entry;
            case string text when Values.Whole(index) is { } at:
                var count = CodePoints.Count(state.Text(text));
                if (at < 0) at += count;
                if (at < 0 || at >= count) return None(value, index);
                var start = CodePoints.Offset(text, (int)at);
                return text[start..(start + CodePoints.Offset(text[start..], 1))];
            case Sequence { Indexed: true } sequence when Values.Whole(index) is { } at:
                if (at < 0) at += sequence.Items.Count;
                return at >= 0 && at < sequence.Items.Count ? sequence.Items[(int)at] : None(value, index);
            default:
                if (index is not string name) return None(value, index);
                return Method(value, name) ?? (value is IAttributes own ? own.Get(state, name) : None(value, name));
        }
    }

    /// <summary><c>value[start:stop:step]</c>.</summary>
    public static object? Slice(RenderState state, object? value, object? start, object? stop, object? step)
    {
        if (value is Undefined missing) throw state.Refuse($"{missing.Why}, so it has no items");
        if (value is not (string or Sequence { Indexed: true })) throw state.Refuse($"a {Values.TypeName(value)} cannot be sliced");
        IReadOnlyList<object?> items = value is Sequence sequence ? sequence.Items : Values.Items(state, value);
        var by = Bound(step, 1);
        if (by == 0) throw state.Refuse("the step of a slice is 0");
        var count = items.Count;
        var first = Place(Bound(start, by > 0 ? 0 : count));
        var end = stop is null && by < 0 ? -1 : Place(Bound(stop, count));
        var taken = new List<object?>();
        for (var at = first; by > 0 ? at < end : at > end; at += by) taken.Add(items[(int)at]);
        state.Charge(taken.Count);
        return value is string ? string.Concat(taken) : new Sequence(taken, ((Sequence)value).Form);

        long Bound(object? bound, long otherwise) =>
            bound is null ? otherwise : Math.Clamp(Values.Whole(bound) ?? throw state.Refuse($"a slice's bound is a {Values.TypeName(bound)}; expected an int"), int.MinValue, int.MaxValue);

        long Place(long at) => Math.Clamp(at < 0 ? at + count : at, by > 0 ? 0 : -1, by > 0 ? count : count - 1);
    }

    private static object? Method(object? value, string name)
    {
        switch (value)
        {
            case string text when StringMethods.Known.TryGetValue(name, out var run):
                return new Callable(name, (state, arguments) => run(state, text, arguments));
            case Map map when ContainerMethods.OfMaps.TryGetValue(name, out var run):
                return new Callable(name, (state, arguments) => run(state, map, arguments));
            case Sequence { Form: SequenceForm.List or SequenceForm.Tuple } sequence when ContainerMethods.OfLists.TryGetValue(name, out var run):
                return new Callable(name, (state, arguments) => run(state, sequence, arguments));
            case Map when MapChanges.Contains(name):
            case Sequence { Form: SequenceForm.List } when ListChanges.Contains(name):
                return new Undefined($"'{name}' would change the {Values.TypeName(value)}, which a template may not do");
            default:
                return null;
        }
    }

    private static Undefined None(object? value, object? name) =>
        new(name is string or long ? $"the {Values.TypeName(value)} has no '{name}'" : $"the {Values.TypeName(value)} has no such item");
}
