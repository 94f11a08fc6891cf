using System.Globalization;
using System.Text;

namespace RewardKit.Models.Templates;

/// <summary>What Python writes for a value: <c>str()</c> and <c>repr()</c>.</summary>
internal static class PythonText
{
    /// <summary>White space as Python's <c>str.isspace</c> and <c>\s</c> have it.</summary>
    public static bool IsSpace(char c) => c is >= '\x1c' and <= '\x1f' || char.IsWhiteSpace(c);

    /// <summary>The text of a value as it is printed.</summary>
    public static string Of(RenderState state, object? value) => value switch
    {
        string text => text,
        Undefined => "",
        null or bool or long or double => Scalar(value),
        _ => Repr(state, value),
    };

    /// <summary>The text of a value inside a printed list.</summary>
    public static string Repr(RenderState state, object? value)
    {
        var text = new StringBuilder();
        Repr(state, value, text);
        return text.ToString();
    }

    private static void Repr(RenderState state, object? value, StringBuilder text)
    {
        state.Enter();
        switch (value)
        {
            case string content:
                Quote(state, content, text);
                break;
            case Undefined:
                text.Append("Undefined");
                break;
            case null or bool or long or double:
                text.Append(Scalar(value));
                break;
            case Sequence { Form: SequenceForm.List or SequenceForm.Tuple } sequence:
                var tuple = sequence.Form == SequenceForm.Tuple;
                text.Append(tuple ? '(' : '[');
                for (var i = 0; i < sequence.Items.Count; i++)
                {
                    if (i > 0) text.Append(", ");
                    Repr(state, sequence.Items[i], text);
                }
                text.Append(tuple ? sequence.Items.Count == 1 ? ",)" : ")" : "]");
                break;
            case Map map:
                text.Append('{');
                var separator = "";
                foreach (var (key, item) in map.Entries)
                {
                    text.Append(separator);
                    separator = ", ";
                    Repr(state, key, text);
                    text.Append(": ");
                    Repr(state, item, text);
                }
                text.Append('}');
                break;
            default:
                throw state.Refuse($"a {Values.TypeName(value)} cannot be printed");
        }
        if (text.Length > RenderState.MaxText) state.ChargeText(text.Length);
        state.Leave();
    }

    private static string Scalar(object? value) => value switch
    {
        null => "None",
        bool flag => flag ? "True" : "False",
        long number => number.ToString(CultureInfo.InvariantCulture),
        _ => Float((double)value),
    };

    private static void Quote(RenderState state, string content, StringBuilder text)
    {
        state.ChargeText(content.Length);
        var quote = content.Contains('\'') && !content.Contains('"') ? '"' : '\'';
        text.Append(quote);
        for (var i = 0; i < content.Length; i++)
        {
            var c = content[i];
            var pair = char.IsHighSurrogate(c) && i + 1 < content.Length && char.IsLowSurrogate(content[i + 1]);
            var code = pair ? char.ConvertToUtf32(c, content[i + 1]) : c;
            if (c == quote || c == '\\') text.Append('\\').Append(c);
            else if (c is '\n' or '\r' or '\t') text.Append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
            else if (Printable(code)) text.Append(content, i, pair ? 2 : 1);
            else text.Append(code <= 0xFF ? $"\\x{code:x2}" : code <= 0xFFFF ? $"\\u{code:x4}" : $"\\U{code:x8}");
            if (pair) i++;
        }
        text.Append(quote);
    }

    private static bool Printable(int code) => code == ' ' || CharUnicodeInfo.GetUnicodeCategory(code) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    /// <summary>The shortest digits that give the number back, with an exponent below 1e-4 and from 1e16.</summary>
    public static string Float(double number)
    {
        if (double.IsNaN(number)) return "nan";
        if (double.IsInfinity(number)) return number > 0 ? "inf" : "-inf";
        var shortest = number.ToString("E16", CultureInfo.InvariantCulture);
        for (var digits = 0; digits < 16; digits++)
        {
            var candidate = number.ToString("E" + digits, CultureInfo.InvariantCulture);
            if (double.Parse(candidate, CultureInfo.InvariantCulture) != number) continue;
            shortest = candidate;
            break;
        }
        var at = shortest.IndexOf('E');
        var exponent = int.Parse(shortest.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var sign = shortest[0] == '-' ? "-" : "";
        var mantissa = shortest[sign.Length..at].Replace(".", "").TrimEnd('0');
        if (mantissa == "") return sign + "0.0";
        if (exponent is < -4 or >= 16)
            return sign + mantissa[0] + (mantissa.Length > 1 ? "." + mantissa[1..] : "")
                + "e" + (exponent < 0 ? "-" : "+") + Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture);
        if (exponent < 0) return sign + "0." + new string('0', -exponent - 1) + mantissa;
        mantissa = mantissa.PadRight(exponent + 1, '0');
        return sign + mantissa[..(exponent + 1)] + "." + (mantissa.Length > exponent + 1 ? mantissa[(exponent + 1)..] : "0");
    }
}
