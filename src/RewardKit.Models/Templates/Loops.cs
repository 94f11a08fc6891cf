namespace RewardKit.Models.Templates;

internal sealed class For(Target target, Expression items, Expression? filter, Block body, Block? otherwise, int line) : Statement(line)
{
    public override Flow Run(RenderState state)
    {
        var outer = state.Scope;
        var values = Values.Items(state, items.Eval(state));
        var loop = new Loop(filter is null ? values : Kept(state, outer, values));
        while (loop.MoveNext())
        {
            // Names that a round sets are forgotten with it.
            state.Scope = new(outer);
            state.Scope.Set("loop", loop);
            target.Assign(state, loop.Current);
            var flow = body.Run(state);
            if (flow == Flow.Break) break;
        }
        state.Scope = outer;
        return loop.Started ? Flow.Next : otherwise is null ? Flow.Next : state.Within(new(outer), () => otherwise.Run(state));
    }

    // One at a time: the condition may depend on what an earlier round has done.
    private IEnumerable<object?> Kept(RenderState state, Scope outer, IReadOnlyList<object?> values)
    {
        foreach (var value in values)
        {
            state.Charge(1);
            var round = new Scope(outer);
            var keep = state.Within(round, () =>
            {
                target.Assign(state, value);
                return Values.IsTrue(filter!.Eval(state));
            });
            if (keep) yield return value;
        }
    }
}

/// <summary>The <c>loop</c> of a loop's body.</summary>
internal sealed class Loop : IAttributes
{
    private readonly IEnumerator<object?> _values;
    private readonly List<object?> _seen = [];
    private int _at = -1;

    public Loop(IEnumerable<object?> values) => _values = values.GetEnumerator();

    public object? Current => _seen[_at];

    public bool Started => _seen.Count > 0;

    public bool MoveNext()
    {
        if (!Ahead()) return false;
        _at++;
        return true;
    }

    public object? Get(RenderState state, string name)
    {
        switch (name)
        {
            case "index": return _at + 1L;
            case "index0": return (long)_at;
            case "first": return _at == 0;
            case "last": return !Ahead();
            case "previtem": return _at > 0 ? _seen[_at - 1] : new Undefined("there is no previous item");
            case "nextitem": return Ahead() ? _seen[_at + 1] : new Undefined("there is no next item");
            case "length": return (long)Length();
            case "revindex": return (long)Length() - _at;
            case "revindex0": return (long)Length() - _at - 1;
            case "depth": return 1L;
            case "depth0": return 0L;
            case "cycle":
                return new Callable("loop.cycle", (s, arguments) =>
                {
                    if (arguments.Positional.Count == 0) throw s.Refuse("loop.cycle() needs values");
                    arguments.RefuseRest(s, "loop.cycle");
                    return arguments.Positional[_at % arguments.Positional.Count];
                });
            default: return new Undefined($"'loop' has no attribute '{name}'");
        }
    }

    private bool Ahead()
    {
        if (_at + 1 < _seen.Count) return true;
        if (!_values.MoveNext()) return false;
        _seen.Add(_values.Current);
        return true;
    }

    private int Length()
    {
        while (_values.MoveNext()) _seen.Add(_values.Current);
        return _seen.Count;
    }
}
