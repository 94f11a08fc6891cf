using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RewardKit.Models.Templates;

/// <summary>
/// The filter <c>tojson</c> as transformers replaces it: Python's <c>json.dumps</c> with <c>ensure_ascii=False</c> and no
/// escapes for HTML.
/// </summary>
internal static class Json
{
    private sealed record Style(bool Ascii, string? Indent, string Between, string AfterKey, bool SortKeys);

    public static object? Filter(RenderState state, object? value, Arguments arguments)
    {
        var given = arguments.Bind(state, "tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        var indent = given.Value(1, null) switch
        {
            null => null,
            string text => text,
            _ => new string(' ', Math.Clamp(given.Whole(1, 0), 0, 1000)),
        };
        var (between, afterKey) = (indent is null ? ", " : ",", ": ");
        if (given.Value(2, null) is { } separators)
        {
            var pair = Values.Items(state, separators);
            if (pair.Count != 2) throw state.Refuse($"'separators' of 'tojson' has {pair.Count} items; expected 2");
            (between, afterKey) = (Values.Text(state, pair[0], "a separator"), Values.Text(state, pair[1], "a separator"));
        }
        var json = new StringBuilder();
        Write(state, value, new(given.Flag(0), indent, between, afterKey, given.Flag(3)), 0, json);
        return json.ToString();
    }

    private static void Write(RenderState state, object? value, Style style, int level, StringBuilder json)
    {
        state.Enter();
        switch (value)
        {
            case null or bool or long or double:
                json.Append(Scalar(value));
                break;
            case string text:
                Quote(state, text, style, json);
                break;
            case Sequence { Form: SequenceForm.List or SequenceForm.Tuple } sequence:
                Surround('[', ']', sequence.Items.Count, i => Write(state, sequence.Items[i], style, level + 1, json));
                break;
            case Map map:
                var entries = map.Entries;
                if (style.SortKeys) entries = [.. entries.OrderBy(entry => Key(entry.Key), Comparer<string>.Create(CodePoints.Compare))];
                Surround('{', '}', entries.Count, i =>
                {
                    Quote(state, Key(entries[i].Key), style, json);
                    json.Append(style.AfterKey);
                    Write(state, entries[i].Value, style, level + 1, json);
                });
                break;
            default:
                throw state.Refuse($"a {Values.TypeName(value)} has no form in JSON");
        }
        state.Leave();

        void Surround(char open, char close, int count, Action<int> item)
        {
            json.Append(open);
            for (var i = 0; i < count; i++)
            {
                if (i > 0) json.Append(style.Between);
                NewLine(level + 1);
                item(i);
            }
            if (count > 0) NewLine(level);
            json.Append(close);
            if (json.Length > RenderState.MaxText) state.ChargeText(json.Length);
        }

        void NewLine(int depth)
        {
            if (style.Indent is null) return;
            state.ChargeText((long)style.Indent.Length * depth);
            json.Append('\n');
            for (var i = 0; i < depth; i++) json.Append(style.Indent);
        }
    }

    private static string Key(object key) => key as string ?? Scalar(key);

    private static string Scalar(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double.NaN => "NaN",
        double number when double.IsInfinity(number) => number > 0 ? "Infinity" : "-Infinity",
        _ => PythonText.Float((double)value),
    };

    private static void Quote(RenderState state, string text, Style style, StringBuilder json)
    {
        state.ChargeText(text.Length);
        json.Append('"');
        foreach (var c in text)
        {
            const string Short = "\"\"\\\\\nn\rr\tt\bb\ff";
            if (Short.IndexOf(c) is var at && at >= 0 && at % 2 == 0) json.Append('\\').Append(Short[at + 1]);
            else if (c < ' ' || style.Ascii && c > '~') json.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else json.Append(c);
        }
        json.Append('"');
    }

    /// <summary>A JSON document's element as a value.</summary>
    public static object? Value(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var map = new Map();
                foreach (var property in element.EnumerateObject()) map.Set(property.Name, Value(property.Value));
                return map;
            case JsonValueKind.Array:
                return Values.List(element.EnumerateArray().Select(Value));
            case JsonValueKind.String:
                try
                {
                    return element.GetString();
                }
                catch (InvalidOperationException e)
                {
                    throw RewardKitException.Input("A text for the chat template has half of a surrogate pair, which is no character.", e);
                }
            case JsonValueKind.Number:
                return element.TryGetInt64(out var whole) ? (object)whole : element.GetDouble();
            case JsonValueKind.True or JsonValueKind.False:
                return element.GetBoolean();
            default:
                return null;
        }
    }
}
