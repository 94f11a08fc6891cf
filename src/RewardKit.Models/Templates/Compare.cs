namespace RewardKit.Models.Templates;

/// <summary>Comparisons with Python's meaning.</summary>
internal static class Compare
{
    public static bool Holds(RenderState state, string @operator, object? left, object? right) => @operator switch
    {
        "==" => Equal(state, left, right),
        "!=" => !Equal(state, left, right),
        "in" => Contains(state, right, left),
        "not in" => !Contains(state, right, left),
        "<" => Unordered(left, right) is false && Order(state, left, right) < 0,
        "<=" => Unordered(left, right) is false && Order(state, left, right) <= 0,
        ">" => Unordered(left, right) is false && Order(state, left, right) > 0,
        _ => Unordered(left, right) is false && Order(state, left, right) >= 0,
    };

    public static bool Equal(RenderState state, object? left, object? right)
    {
        state.Enter();
        var equal = (left, right) switch
        {
            (string a, string b) => a.Length == b.Length && state.Text(a) == b,
            (Undefined, Undefined) => true,
            (Sequence a, Sequence b) => ReferenceEquals(a, b) || a.Indexed && a.Form == b.Form && Equal(state, a.Items, b.Items),
            (Map a, Map b) => a.Count == b.Count
                && a.Entries.All(entry => b.TryGet(entry.Key, out var value) && Equal(state, entry.Value, value)),
            _ when Values.Number(left) is { } a && Values.Number(right) is { } b =>
                left is double || right is double ? a == b : Values.Whole(left) == Values.Whole(right),
            _ => ReferenceEquals(left, right),
        };
        state.Leave();
        return equal;
    }

    private static bool Equal(RenderState state, IReadOnlyList<object?> left, IReadOnlyList<object?> right)
    {
        if (left.Count != right.Count) return false;
        for (var i = 0; i < left.Count; i++)
            if (!Equal(state, left[i], right[i])) return false;
        return true;
    }

    /// <summary>Negative, zero or positive, for numbers, for texts by code points, for lists item by item.</summary>
    public static int Order(RenderState state, object? left, object? right)
    {
        state.Enter();
        var order = (left, right) switch
        {
            (string a, string b) => CodePoints.Compare(state.Text(a), state.Text(b)),
            (Sequence a, Sequence b) when a.Form == b.Form && a.Form is SequenceForm.List or SequenceForm.Tuple => Order(state, a.Items, b.Items),
            _ when Values.Number(left) is { } a && Values.Number(right) is { } b =>
                left is double || right is double ? a.CompareTo(b) : Values.Whole(left)!.Value.CompareTo(Values.Whole(right)!.Value),
            _ => throw state.Refuse($"a {Values.TypeName(left)} and a {Values.TypeName(right)} have no order"),
        };
        state.Leave();
        return order;
    }

    private static int Order(RenderState state, IReadOnlyList<object?> left, IReadOnlyList<object?> right)
    {
        for (var i = 0; i < left.Count && i < right.Count; i++)
            if (!Equal(state, left[i], right[i])) return Order(state, left[i], right[i]);
        return left.Count.CompareTo(right.Count);
    }

    public static bool Contains(RenderState state, object? container, object? item)
    {
        switch (container)
        {
            case string text:
                return state.Text(text).Contains(Values.Text(state, item, "the left side of 'in'"), StringComparison.Ordinal);
            case Map when item is Map or Sequence { Form: SequenceForm.List }:
                throw state.Refuse($"a {Values.TypeName(item)} cannot be a key, so no dict contains it");
            case Map map:
                return map.TryGet(item, out _);
            case Namespace or Loop or Callable or bool or long or double or null:
                throw state.Refuse($"a {Values.TypeName(container)} contains nothing");
            default:
                foreach (var candidate in Values.Items(state, container))
                    if (Equal(state, candidate, item)) return true;
                return false;
        }
    }

    // NaN is neither less nor more than anything.
    private static bool Unordered(object? left, object? right) => left is double.NaN || right is double.NaN;
}
