namespace RewardKit.Models.Templates;

/// <summary>Jinja2's tests, as in <c>x is defined</c>.</summary>
internal static class Tests
{
    /// <summary>A test: whether it holds for a value.</summary>
    public delegate bool Function(RenderState state, object? value, Arguments arguments);

    /// <summary>The tests by name.</summary>
    public static readonly Dictionary<string, Function> Known = new()
    {
        ["!="] = By("!=", "!="),
        ["<"] = By("<", "<"),
        ["<="] = By("<=", "<="),
        ["=="] = By("==", "=="),
        [">"] = By(">", ">"),
        [">="] = By(">=", ">="),
        ["boolean"] = Of("boolean", value => value is bool),
        ["callable"] = Of("callable", value => value is Callable),
        ["defined"] = Of("defined", value => value is not Undefined),
        ["divisibleby"] = (s, value, a) => Values.Number(Arithmetic.Apply(s, "%", value, a.Bind(s, "divisibleby", 1, "num")[0])) == 0,
        ["eq"] = By("eq", "=="),
        ["equalto"] = By("equalto", "=="),
        ["even"] = (s, value, a) => Remainder(s, value, a, "even") == 0,
        ["false"] = Of("false", value => value is false),
        ["float"] = Of("float", value => value is double),
        ["ge"] = By("ge", ">="),
        ["greaterthan"] = By("greaterthan", ">"),
        ["gt"] = By("gt", ">"),
        ["in"] = By("in", "in"),
        ["integer"] = Of("integer", value => value is long),
        ["iterable"] = Of("iterable", value => value is Sequence or Map or string or Undefined or Loop),
        ["le"] = By("le", "<="),
        ["lessthan"] = By("lessthan", "<"),
        ["lower"] = Case("lower", "islower"),
        ["lt"] = By("lt", "<"),
        ["mapping"] = Of("mapping", value => value is Map),
        ["ne"] = By("ne", "!="),
        ["none"] = Of("none", value => value is null),
        ["number"] = Of("number", value => Values.Number(value) is not null),
        ["odd"] = (s, value, a) => Remainder(s, value, a, "odd") == 1,
        ["sameas"] = (s, value, a) => Same(value, a.Bind(s, "sameas", 1, "other")[0]),
        ["sequence"] = Of("sequence", value => value is Sequence { Indexed: true } or Map or string or Undefined),
        ["string"] = Of("string", value => value is string),
        ["true"] = Of("true", value => value is true),
        ["undefined"] = Of("undefined", value => value is Undefined),
        ["upper"] = Case("upper", "isupper"),
    };

    private static Function Of(string name, Func<object?, bool> holds) => (state, value, arguments) =>
    {
        arguments.Bind(state, name, 0);
        return holds(value);
    };

    private static Function By(string name, string @operator) =>
        (state, value, arguments) => Compare.Holds(state, @operator, value, arguments.Bind(state, name, 1, "other")[0]);

    private static Function Case(string name, string method) => (state, value, arguments) =>
    {
        arguments.Bind(state, name, 0);
        return StringMethods.Known[method](state, PythonText.Of(state, value), arguments) is true;
    };

    private static double? Remainder(RenderState state, object? value, Arguments arguments, string name)
    {
        arguments.Bind(state, name, 0);
        return Values.Number(Arithmetic.Apply(state, "%", value, 2L));
    }

    private static bool Same(object? left, object? right) => (left, right) switch
    {
        (bool a, bool b) => a == b,
        (long a, long b) => a == b,
        (double a, double b) => a.Equals(b),
        (string a, string b) => a == b,
        _ => ReferenceEquals(left, right),
    };
}
