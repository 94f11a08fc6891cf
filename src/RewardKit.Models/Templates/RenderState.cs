using System.Text;

namespace RewardKit.Models.Templates;

/// <summary>Names that a part of the template sets, and the part around it.</summary>
internal sealed class Scope(Scope? parent)
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public Scope? Parent => parent;

    public void Set(string name, object? value) => _values[name] = value;

    public bool TryGet(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
            if (scope._values.TryGetValue(name, out value)) return true;
        value = null;
        return false;
    }
}

/// <summary>
/// One rendering: where it is, what it has written, and how much it may still do. Every step, and every piece of text or
/// list it makes or looks through, is charged, so that no template runs on or fills the memory.
/// </summary>
internal sealed class RenderState(Scope scope)
{
    /// <summary>The most characters of a text and of the result.</summary>
    public const int MaxText = 1 << 23;

    // Up to a second or two; a published template takes some thousand for a conversation of a hundred turns.
    private const long MaxWork = 5_000_000;

    // Characters that cost as much as one step.
    private const int CharsPerStep = 8;

    private const int MaxDepth = 300;

    private long _work = MaxWork;
    private int _depth;

    public Scope Scope { get; set; } = scope;

    public StringBuilder Out { get; private set; } = new();

    public int Line { get; set; } = 1;

    public TemplateException Refuse(string message) => new(message, Line);

    /// <summary>Counts work: a step, an item of a list.</summary>
    public void Charge(long steps)
    {
        if ((_work -= steps) < 0) throw Refuse($"the template does too much work (over {MaxWork:N0} steps); it may never end");
    }

    /// <summary>Counts the making or reading of a text, before it is made.</summary>
    public void ChargeText(long length)
    {
        if (length > MaxText) throw Refuse($"the template makes a text of over {MaxText:N0} characters");
        Charge(1 + length / CharsPerStep);
    }

    /// <summary>Charges a text that is there already.</summary>
    public string Text(string text)
    {
        ChargeText(text.Length);
        return text;
    }

    /// <summary>Goes one level down: into a part of an expression, a nested value, a macro.</summary>
    public void Enter()
    {
        if (++_depth > MaxDepth) throw Refuse($"nested deeper than {MaxDepth} levels (a macro that calls itself?)");
        Charge(1);
    }

    public void Leave() => _depth--;

    /// <summary>Writes to the result, or to the text that is being captured.</summary>
    public void Write(string text)
    {
        ChargeText(text.Length);
        if (Out.Length + text.Length > MaxText) throw Refuse($"the template writes over {MaxText:N0} characters");
        Out.Append(text);
    }

    /// <summary>Runs something in a scope of its own.</summary>
    public T Within<T>(Scope inner, Func<T> run)
    {
        var outer = Scope;
        Scope = inner;
        var result = run();
        Scope = outer;
        return result;
    }

    /// <summary>Runs a block in a scope of its own and gives what it wrote.</summary>
    public (string Text, Flow Flow) Capture(Block body, Scope inner)
    {
        var outer = Out;
        Out = new();
        var flow = Within(inner, () => body.Run(this));
        var text = Text(Out.ToString());
        Out = outer;
        return (text, flow);
    }
}
