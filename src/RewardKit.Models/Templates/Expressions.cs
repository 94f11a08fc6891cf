namespace RewardKit.Models.Templates;

/// <summary>An expression. What a value can be: see <see cref="Values"/>.</summary>
internal abstract class Expression(int line)
{
    public object? Eval(RenderState state)
    {
        var outer = state.Line;
        state.Line = line;
        state.Enter();
        var value = Run(state);
        state.Leave();
        state.Line = outer;
        return value;
    }

    protected abstract object? Run(RenderState state);
}

internal sealed class Constant(object? value, int line) : Expression(line)
{
    protected override object? Run(RenderState state) => value;
}

internal sealed class Name(string name, int line) : Expression(line)
{
    protected override object? Run(RenderState state) =>
        state.Scope.TryGet(name, out var value) ? value : new Undefined($"'{name}' is undefined");
}

internal sealed class ListLiteral(List<Expression> items, SequenceForm form, int line) : Expression(line)
{
    protected override object? Run(RenderState state) => new Sequence([.. items.Select(item => item.Eval(state))], form);
}

internal sealed class MapLiteral(List<(Expression Key, Expression Value)> entries, int line) : Expression(line)
{
    protected override object? Run(RenderState state)
    {
        var map = new Map();
        foreach (var (key, value) in entries) map.Set(state, key.Eval(state), value.Eval(state));
        return map;
    }
}

internal sealed class Conditional(Expression test, Expression value, Expression? otherwise, int line) : Expression(line)
{
    protected override object? Run(RenderState state) =>
        Values.IsTrue(test.Eval(state)) ? value.Eval(state)
        : otherwise is not null ? otherwise.Eval(state)
        : new Undefined("the inline 'if' has no 'else', and its condition is false");
}

internal sealed class Logical(Expression left, int line, bool isAnd, Expression right) : Expression(line)
{
    protected override object? Run(RenderState state)
    {
        var value = left.Eval(state);
        return Values.IsTrue(value) == isAnd ? right.Eval(state) : value;
    }
}

internal sealed class Not(Expression value, int line) : Expression(line)
{
    protected override object? Run(RenderState state) => !Values.IsTrue(value.Eval(state));
}

/// <summary>A comparison, or a chain of them: <c>a &lt; b &lt; c</c>.</summary>
internal sealed class Comparison(Expression first, List<(string Operator, Expression Right)> rest, int line) : Expression(line)
{
    protected override object? Run(RenderState state)
    {
        var left = first.Eval(state);
        foreach (var (@operator, expression) in rest)
        {
            var right = expression.Eval(state);
            if (!Compare.Holds(state, @operator, left, right)) return false;
            left = right;
        }
        return true;
    }
}

internal sealed class Concatenation(List<Expression> parts, int line) : Expression(line)
{
    protected override object? Run(RenderState state)
    {
        string[] texts = [.. parts.Select(part => PythonText.Of(state, part.Eval(state)))];
        state.ChargeText(texts.Sum(text => (long)text.Length));
        return string.Concat(texts);
    }
}

internal sealed class Binary(string @operator, Expression left, Expression right, int line) : Expression(line)
{
    protected override object? Run(RenderState state) => Arithmetic.Apply(state, @operator, left.Eval(state), right.Eval(state));
}

internal sealed class Sign(bool negative, Expression value, int line) : Expression(line)
{
    protected override object? Run(RenderState state) => Arithmetic.Signed(state, negative, value.Eval(state));
}

internal sealed class Attribute(Expression value, string name, int line) : Expression(line)
{
    protected override object? Run(RenderState state) => Attributes.Get(state, value.Eval(state), name);
}

internal sealed class Item(Expression value, Expression index, int line) : Expression(line)
{
    protected override object? Run(RenderState state) => Attributes.Item(state, value.Eval(state), index.Eval(state));
}

internal sealed class Slice(Expression value, Expression? start, Expression? stop, Expression? step, int line) : Expression(line)
{
    protected override object? Run(RenderState state) =>
        Attributes.Slice(state, value.Eval(state), start?.Eval(state), stop?.Eval(state), step?.Eval(state));
}

/// <summary>The arguments of a call, a filter or a test, not evaluated yet.</summary>
internal sealed class ArgumentList(List<Expression> positional, List<(string Name, Expression Value)> named)
{
    public static readonly ArgumentList None = new([], []);

    public Arguments Eval(RenderState state) => new(
        [.. positional.Select(value => value.Eval(state))],
        [.. named.Select(argument => KeyValuePair.Create(argument.Name, argument.Value.Eval(state)))]);
}

internal sealed class Call(Expression function, ArgumentList arguments, int line) : Expression(line)
{
    public object? Invoke(RenderState state, params ReadOnlySpan<(string Name, object? Value)> more)
    {
        var callee = function.Eval(state);
        if (callee is Undefined undefined) throw state.Refuse($"{undefined.Why}, so it cannot be called");
        if (callee is not Callable callable) throw state.Refuse($"a {Values.TypeName(callee)} cannot be called");
        var given = arguments.Eval(state);
        foreach (var (name, value) in more) given.Named[name] = value;
        return callable.Run(state, given);
    }

    protected override object? Run(RenderState state) => Invoke(state);
}

internal sealed class Filter(Expression? value, string name, ArgumentList arguments, int line) : Expression(line)
{
    // The text of a block goes in at the innermost filter of a chain, which has no value of its own.
    private const string BlockText = "{%";

    /// <summary>Applies the filters of a block to its text.</summary>
    public static object? OfBlock(Expression filters, string text, RenderState state)
    {
        var inner = new Scope(state.Scope);
        inner.Set(BlockText, text);
        return state.Within(inner, () => filters.Eval(state));
    }

    protected override object? Run(RenderState state)
    {
        object? given = null;
        if (value is not null) given = value.Eval(state);
        else state.Scope.TryGet(BlockText, out given);
        return Filters.Known[name](state, given, arguments.Eval(state));
    }
}

internal sealed class Test(Expression value, string name, ArgumentList arguments, bool negated, int line) : Expression(line)
{
    protected override object? Run(RenderState state) =>
        Tests.Known[name](state, value.Eval(state), arguments.Eval(state)) != negated;
}
