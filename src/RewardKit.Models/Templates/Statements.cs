namespace RewardKit.Models.Templates;

/// <summary>How a statement ends: on to the next, or out of the loop around it.</summary>
internal enum Flow { Next, Break, Continue }

/// <summary>A statement of a template.</summary>
internal abstract class Statement(int line)
{
    public int Line => line;

    public abstract Flow Run(RenderState state);
}

/// <summary>Statements in order.</summary>
internal sealed class Block(List<Statement> statements)
{
    public Flow Run(RenderState state)
    {
        state.Enter();
        var flow = Flow.Next;
        foreach (var statement in statements)
        {
            state.Charge(1);
            state.Line = statement.Line;
            if ((flow = statement.Run(state)) != Flow.Next) break;
        }
        state.Leave();
        return flow;
    }
}

internal sealed class Text(string text, int line) : Statement(line)
{
    public override Flow Run(RenderState state)
    {
        state.Write(text);
        return Flow.Next;
    }
}

internal sealed class Output(Expression value, int line) : Statement(line)
{
    public override Flow Run(RenderState state)
    {
        state.Write(PythonText.Of(state, value.Eval(state)));
        return Flow.Next;
    }
}

internal sealed class If(List<(Expression Test, Block Body)> branches, Block? otherwise, int line) : Statement(line)
{
    public override Flow Run(RenderState state)
    {
        foreach (var (test, body) in branches)
            if (Values.IsTrue(test.Eval(state))) return body.Run(state);
        return otherwise?.Run(state) ?? Flow.Next;
    }
}

internal sealed class Jump(Flow flow, int line) : Statement(line)
{
    public override Flow Run(RenderState state) => flow;
}

internal sealed class Set(Target target, Expression value, int line) : Statement(line)
{
    public override Flow Run(RenderState state)
    {
        target.Assign(state, value.Eval(state));
        return Flow.Next;
    }
}

internal sealed class SetBlock(Target target, Block body, Expression? filters, int line) : Statement(line)
{
    public override Flow Run(RenderState state)
    {
        var (text, flow) = state.Capture(body, new(state.Scope));
        if (flow == Flow.Next) target.Assign(state, filters is null ? text : Filter.OfBlock(filters, text, state));
        return flow;
    }
}

internal sealed class FilterBlock(Expression filters, Block body, int line) : Statement(line)
{
    public override Flow Run(RenderState state)
    {
        var (text, flow) = state.Capture(body, new(state.Scope));
        if (flow == Flow.Next) state.Write(PythonText.Of(state, Filter.OfBlock(filters, text, state)));
        return flow;
    }
}

internal sealed class With(List<(Target Target, Expression Value)> values, Block body, int line) : Statement(line)
{
    public override Flow Run(RenderState state)
    {
        object?[] given = [.. values.Select(v => v.Value.Eval(state))];
        return state.Within(new(state.Scope), () =>
        {
            for (var i = 0; i < given.Length; i++) values[i].Target.Assign(state, given[i]);
            return body.Run(state);
        });
    }
}

/// <summary>A macro's or call block's name, parameters and text.</summary>
internal sealed class MacroBody(string name, List<(string Name, Expression? Default)> parameters, Block body)
{
    public string Name => name;

    /// <summary>The function that it is, seeing the names around it as they are when it is called.</summary>
    public Callable Bind(Scope scope) => new(name, (state, arguments) =>
    {
        if (arguments.Positional.Count > parameters.Count)
            throw state.Refuse($"'{name}' takes {parameters.Count} arguments, not {arguments.Positional.Count}");
        var caller = arguments.Take("caller", out var given) ? given : null;
        var inner = new Scope(scope);
        if (caller is not null) inner.Set("caller", caller);
        return state.Within(inner, () =>
        {
            for (var i = 0; i < parameters.Count; i++)
            {
                var (parameter, otherwise) = parameters[i];
                if (i < arguments.Positional.Count) inner.Set(parameter, arguments.Positional[i]);
                else if (arguments.Take(parameter, out var value)) inner.Set(parameter, value);
                else inner.Set(parameter, otherwise is null ? new Undefined($"the parameter '{parameter}' was not given") : otherwise.Eval(state));
            }
            arguments.RefuseRest(state, name);
            return (object?)state.Capture(body, inner).Text;
        });
    });
}

internal sealed class Macro(MacroBody macro, int line) : Statement(line)
{
    public override Flow Run(RenderState state)
    {
        state.Scope.Set(macro.Name, macro.Bind(state.Scope));
        return Flow.Next;
    }
}

internal sealed class CallBlock(Call call, MacroBody caller, int line) : Statement(line)
{
    public override Flow Run(RenderState state)
    {
        var result = call.Invoke(state, ("caller", caller.Bind(state.Scope)));
        state.Write(PythonText.Of(state, result));
        return Flow.Next;
    }
}

/// <summary>What a value is assigned to.</summary>
internal abstract class Target
{
    public abstract void Assign(RenderState state, object? value);
}

internal sealed class NameTarget(string name) : Target
{
    public override void Assign(RenderState state, object? value) => state.Scope.Set(name, value);
}

internal sealed class AttributeTarget(string name, string attribute, int line) : Target
{
    public override void Assign(RenderState state, object? value)
    {
        state.Line = line;
        if (!state.Scope.TryGet(name, out var target) || target is not Namespace place)
            throw state.Refuse($"'{name}.{attribute}' cannot be set: '{name}' is not a namespace");
        place.Set(attribute, value);
    }
}

internal sealed class TupleTarget(List<Target> targets, int line) : Target
{
    public override void Assign(RenderState state, object? value)
    {
        state.Line = line;
        var items = Values.Items(state, value);
        if (items.Count != targets.Count) throw state.Refuse($"{items.Count} values for {targets.Count} names");
        for (var i = 0; i < targets.Count; i++) targets[i].Assign(state, items[i]);
    }
}
