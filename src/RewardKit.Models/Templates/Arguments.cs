namespace RewardKit.Models.Templates;

/// <summary>The values of a call's arguments, by place and by name.</summary>
internal sealed class Arguments(List<object?> positional, IEnumerable<KeyValuePair<string, object?>> named)
{
    public List<object?> Positional => positional;

    public Dictionary<string, object?> Named { get; } = new(named, StringComparer.Ordinal);

    /// <summary>Takes an argument given by name out of those given.</summary>
    public bool Take(string name, out object? value) => Named.Remove(name, out value);

    public void RefuseRest(RenderState state, string function)
    {
        if (Named.Count > 0) throw state.Refuse($"'{function}' has no argument '{Named.Keys.First()}'");
    }

    /// <summary>Puts the arguments at the places of a function's parameters.</summary>
    /// <param name="state">The rendering.</param>
    /// <param name="function">Its name, for messages.</param>
    /// <param name="required">How many of the parameters must be given.</param>
    /// <param name="parameters">The parameters' names, in order.</param>
    public Bound Bind(RenderState state, string function, int required, params ReadOnlySpan<string> parameters)
    {
        if (positional.Count > parameters.Length)
            throw state.Refuse($"'{function}' takes at most {parameters.Length} arguments, not {positional.Count}");
        var values = new object?[parameters.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var byName = Take(parameters[i], out var value);
            if (byName && i < positional.Count) throw state.Refuse($"'{function}' is given the argument '{parameters[i]}' twice");
            if (!byName && i >= positional.Count && i < required) throw state.Refuse($"'{function}' needs the argument '{parameters[i]}'");
            values[i] = byName ? value : i < positional.Count ? positional[i] : Bound.NotGiven;
        }
        RefuseRest(state, function);
        return new(state, function, values);
    }
}

/// <summary>A function's arguments at the places of its parameters.</summary>
internal readonly struct Bound(RenderState state, string function, object?[] values)
{
    /// <summary>What stands for an argument that was left out.</summary>
    public static readonly object NotGiven = new();

    public object? this[int i] => values[i];

    public bool Has(int i) => values[i] != NotGiven;

    public object? Value(int i, object? otherwise) => Has(i) ? values[i] : otherwise;

    public string Text(int i, string otherwise = "") => Has(i) ? Values.Text(state, values[i], $"an argument of '{function}'") : otherwise;

    public bool Flag(int i) => Has(i) && Values.IsTrue(values[i]);

    public int Whole(int i, int otherwise) => !Has(i) ? otherwise
        : Values.Whole(values[i]) is { } whole ? (int)Math.Clamp(whole, int.MinValue, int.MaxValue)
        : throw state.Refuse($"an argument of '{function}' is a {Values.TypeName(values[i])}; expected an int");
}
