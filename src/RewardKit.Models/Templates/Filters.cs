namespace RewardKit.Models.Templates;

/// <summary>Jinja2's filters that templates use: those of texts and numbers here, those of sequences in the other half.</summary>
internal static partial class Filters
{
    /// <summary>A filter: what it makes of a value.</summary>
    public delegate object? Function(RenderState state, object? value, Arguments arguments);

    /// <summary>The filters by name.</summary>
    public static readonly Dictionary<string, Function> Known = new()
    {
        ["abs"] = (s, value, a) =>
        {
            a.Bind(s, "abs", 0);
            return Values.Number(value) is < 0 ? Arithmetic.Signed(s, true, value) : Arithmetic.Signed(s, false, value);
        },
        ["batch"] = Batch,
        ["capitalize"] = (s, value, a) => StringMethods.Capitalized(Text(s, value, a, "capitalize")),
        ["count"] = Length,
        ["d"] = Default,
        ["default"] = Default,
        ["dictsort"] = DictSort,
        ["first"] = First,
        ["float"] = (s, value, a) =>
        {
            var otherwise = a.Bind(s, "float", 0, "default").Value(0, 0.0);
            return Numbers.Float(s, value) ?? otherwise;
        },
        ["indent"] = Indent,
        ["int"] = (s, value, a) =>
        {
            var given = a.Bind(s, "int", 0, "default", "base");
            return Numbers.Whole(s, value, given.Whole(1, 10)) ?? given.Value(0, 0L);
        },
        ["items"] = Items,
        ["join"] = Join,
        ["last"] = Last,
        ["length"] = Length,
        ["list"] = (s, value, a) =>
        {
            a.Bind(s, "list", 0);
            return Values.List(Values.Items(s, value));
        },
        ["lower"] = (s, value, a) => Text(s, value, a, "lower").ToLowerInvariant(),
        ["map"] = Map,
        ["max"] = (s, value, a) => Extreme(s, value, a, "max", 1),
        ["min"] = (s, value, a) => Extreme(s, value, a, "min", -1),
        ["reject"] = (s, value, a) => Selected(s, value, a, "reject", keep: false, byAttribute: false),
        ["rejectattr"] = (s, value, a) => Selected(s, value, a, "rejectattr", keep: false, byAttribute: true),
        ["replace"] = (s, value, a) =>
        {
            var given = a.Bind(s, "replace", 2, "old", "new", "count");
            var count = given.Value(2, null) is null ? -1 : given.Whole(2, -1);
            return StringMethods.Replaced(s, PythonText.Of(s, value), PythonText.Of(s, given[0]), PythonText.Of(s, given[1]), count);
        },
        ["reverse"] = Reverse,
        ["round"] = Numbers.Round,
        // Without autoescape, as chat templates run, it changes nothing.
        ["safe"] = (s, value, a) => Text(s, value, a, "safe"),
        ["select"] = (s, value, a) => Selected(s, value, a, "select", keep: true, byAttribute: false),
        ["selectattr"] = (s, value, a) => Selected(s, value, a, "selectattr", keep: true, byAttribute: true),
        ["sort"] = Sort,
        ["string"] = (s, value, a) => Text(s, value, a, "string"),
        ["sum"] = Sum,
        ["title"] = (s, value, a) => Titled(Text(s, value, a, "title")),
        ["tojson"] = Json.Filter,
        ["trim"] = (s, value, a) =>
        {
            var given = a.Bind(s, "trim", 0, "chars");
            return StringMethods.Strip(s, PythonText.Of(s, value), given.Value(0, null) is null ? null : given.Text(0), true, true);
        },
        ["unique"] = Unique,
        ["upper"] = (s, value, a) => CodePoints.Upper(Text(s, value, a, "upper")),
    };

    private static string Text(RenderState state, object? value, Arguments arguments, string name)
    {
        arguments.Bind(state, name, 0);
        return state.Text(PythonText.Of(state, value));
    }

    private static object? Default(RenderState state, object? value, Arguments arguments)
    {
        var given = arguments.Bind(state, "default", 0, "default_value", "boolean");
        return value is Undefined || given.Flag(1) && !Values.IsTrue(value) ? given.Value(0, "") : value;
    }

    // The first letter of each word is large; words end at space, hyphens and opening brackets.
    private static string Titled(string text)
    {
        var result = new System.Text.StringBuilder(text.Length);
        var inWord = false;
        foreach (var part in CodePoints.Split(text))
        {
            result.Append(inWord ? part.ToLowerInvariant() : part.ToUpperInvariant());
            inWord = !(PythonText.IsSpace(part[0]) || part[0] is '-' or '(' or '{' or '[' or '<');
        }
        return result.ToString();
    }

    private static object? Indent(RenderState state, object? value, Arguments arguments)
    {
        var given = arguments.Bind(state, "indent", 0, "width", "first", "blank");
        var margin = given.Has(0) && given[0] is string text ? text : new string(' ', Math.Clamp(given.Whole(0, 4), 0, RenderState.MaxText));
        var lines = StringMethods.Lines(state, Values.Text(state, value, "what 'indent' is given") + "\n");
        state.ChargeText(lines.Sum(line => line.Length + 1L) + (long)margin.Length * lines.Count);
        for (var i = given.Flag(1) ? 0 : 1; i < lines.Count; i++)
            if (lines[i].Length > 0 || given.Flag(2) || i == 0) lines[i] = margin + lines[i];
        return string.Join('\n', lines);
    }
}
