using System.Globalization;
using System.Text;

namespace RewardKit.Models.Templates;

/// <summary>Python's string methods that templates use. Letters change case one by one, as Unicode's simple mapping has it.</summary>
internal static class StringMethods
{
    public static readonly Dictionary<string, Func<RenderState, string, Arguments, object?>> Known = new()
    {
        ["strip"] = (s, text, a) => Strip(s, text, Chars(s, a, "strip"), true, true),
        ["lstrip"] = (s, text, a) => Strip(s, text, Chars(s, a, "lstrip"), true, false),
        ["rstrip"] = (s, text, a) => Strip(s, text, Chars(s, a, "rstrip"), false, true),
        ["upper"] = (s, text, a) => CodePoints.Upper(Plain(s, text, a, "upper")),
        ["lower"] = (s, text, a) => Plain(s, text, a, "lower").ToLowerInvariant(),
        ["capitalize"] = (s, text, a) => Capitalized(Plain(s, text, a, "capitalize")),
        ["title"] = (s, text, a) => Titled(Plain(s, text, a, "title")),
        ["startswith"] = (s, text, a) => Affix(s, text, a, "startswith", text.StartsWith),
        ["endswith"] = (s, text, a) => Affix(s, text, a, "endswith", text.EndsWith),
        ["removeprefix"] = (s, text, a) =>
            a.Bind(s, "removeprefix", 1, "prefix").Text(0) is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? s.Text(text[prefix.Length..]) : text,
        ["removesuffix"] = (s, text, a) =>
            a.Bind(s, "removesuffix", 1, "suffix").Text(0) is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? s.Text(text[..^suffix.Length]) : text,
        ["replace"] = (s, text, a) =>
        {
            var given = a.Bind(s, "replace", 2, "old", "new", "count");
            return Replaced(s, text, given.Text(0), given.Text(1), given.Whole(2, -1));
        },
        ["split"] = (s, text, a) => SplitBy(s, text, a, "split", false),
        ["rsplit"] = (s, text, a) => SplitBy(s, text, a, "rsplit", true),
        ["splitlines"] = (s, text, a) => Values.List(Lines(s, text, a.Bind(s, "splitlines", 0, "keepends").Flag(0))),
        ["partition"] = (s, text, a) => Parted(s, text, a, "partition", false),
        ["rpartition"] = (s, text, a) => Parted(s, text, a, "rpartition", true),
        ["join"] = (s, text, a) =>
        {
            var items = Values.Items(s, a.Bind(s, "join", 1, "items")[0]);
            return Joined(s, text, [.. items.Select(item => Values.Text(s, item, "an item of 'join'"))]);
        },
        ["find"] = (s, text, a) => Place(text, s.Text(text).IndexOf(a.Bind(s, "find", 1, "text").Text(0), StringComparison.Ordinal)),
        ["rfind"] = (s, text, a) => Place(text, s.Text(text).LastIndexOf(a.Bind(s, "rfind", 1, "text").Text(0), StringComparison.Ordinal)),
        ["index"] = (s, text, a) => s.Text(text).IndexOf(a.Bind(s, "index", 1, "text").Text(0), StringComparison.Ordinal) is var at && at >= 0
            ? Place(text, at) : throw s.Refuse("the str does not contain what 'index' looks for"),
        ["count"] = (s, text, a) =>
        {
            var part = a.Bind(s, "count", 1, "text").Text(0);
            return part == "" ? CodePoints.Count(s.Text(text)) + 1L : s.Text(text).Split(part).Length - 1L;
        },
        ["isdigit"] = (s, text, a) => All(Plain(s, text, a, "isdigit"), char.IsDigit),
        ["isalpha"] = (s, text, a) => All(Plain(s, text, a, "isalpha"), char.IsLetter),
        ["isalnum"] = (s, text, a) => All(Plain(s, text, a, "isalnum"), char.IsLetterOrDigit),
        ["isspace"] = (s, text, a) => All(Plain(s, text, a, "isspace"), PythonText.IsSpace),
        ["isupper"] = (s, text, a) => IsCase(Plain(s, text, a, "isupper"), upper: true),
        ["islower"] = (s, text, a) => IsCase(Plain(s, text, a, "islower"), upper: false),
    };

    /// <summary>Cuts space, or any of some characters, off the ends.</summary>
    public static string Strip(RenderState state, string text, string? chars, bool start, bool end)
    {
        state.ChargeText((long)text.Length * (1 + (chars?.Length ?? 0)) / (chars is null ? 1 : 4));
        var (from, to) = (0, text.Length);
        if (start) while (from < to && Cuts(text[from])) from++;
        if (end) while (to > from && Cuts(text[to - 1])) to--;
        return text[from..to];

        bool Cuts(char c) => chars is null ? PythonText.IsSpace(c) : chars.Contains(c);
    }

    public static string Capitalized(string text)
    {
        if (text.Length == 0) return "";
        var first = CodePoints.Offset(text, 1);
        return text[..first].ToUpperInvariant() + text[first..].ToLowerInvariant();
    }

    /// <summary>The first so many places replaced, all if negative; an empty text stands before each character and at the end.</summary>
    public static string Replaced(RenderState state, string text, string old, string @new, int count)
    {
        state.ChargeText(text.Length);
        if (count == 0) return text;
        var result = new StringBuilder();
        var at = 0;
        if (old == "")
        {
            foreach (var part in CodePoints.Split(text))
            {
                if (count-- == 0) return result.Append(text, at, text.Length - at).ToString();
                Grow(state, result.Append(@new).Append(part), @new.Length);
                at += part.Length;
            }
            return count == 0 ? result.ToString() : result.Append(@new).ToString();
        }
        for (var found = text.IndexOf(old, StringComparison.Ordinal); found >= 0 && count-- != 0; found = text.IndexOf(old, at, StringComparison.Ordinal))
        {
            Grow(state, result.Append(text, at, found - at).Append(@new), @new.Length);
            at = found + old.Length;
        }
        return result.Append(text, at, text.Length - at).ToString();
    }

    /// <summary>Lines as Python splits them.</summary>
    public static List<string> Lines(RenderState state, string text, bool keepEnds = false)
    {
        state.ChargeText(text.Length);
        var lines = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var end = text.AsSpan(at).IndexOfAny("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029") is var offset && offset >= 0 ? at + offset : text.Length;
            var next = end == text.Length ? end : text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? end + 2 : end + 1;
            lines.Add(text[at..(keepEnds ? next : end)]);
            at = next;
        }
        state.Charge(lines.Count);
        return lines;
    }

    public static string Joined(RenderState state, string separator, IReadOnlyList<string> parts)
    {
        state.ChargeText(parts.Sum(part => (long)part.Length) + (long)separator.Length * parts.Count);
        return string.Join(separator, parts);
    }

    private static string Plain(RenderState state, string text, Arguments arguments, string name)
    {
        arguments.Bind(state, name, 0);
        return state.Text(text);
    }

    private static string? Chars(RenderState state, Arguments arguments, string name) =>
        arguments.Bind(state, name, 0, "chars") is var given && given.Has(0) && given[0] is not null ? given.Text(0) : null;

    private static object Affix(RenderState state, string text, Arguments arguments, string name, Func<string, StringComparison, bool> has)
    {
        var affix = arguments.Bind(state, name, 1, "affix")[0];
        if (affix is Sequence { Form: SequenceForm.Tuple } several)
            return several.Items.Any(one => has(Values.Text(state, one, $"an argument of '{name}'"), StringComparison.Ordinal));
        return has(Values.Text(state, affix, $"the argument of '{name}'"), StringComparison.Ordinal);
    }

    private static void Grow(RenderState state, StringBuilder result, int added)
    {
        state.ChargeText(added);
        if (result.Length > RenderState.MaxText) state.ChargeText(result.Length);
    }

    private static Sequence SplitBy(RenderState state, string text, Arguments arguments, string name, bool fromEnd)
    {
        var given = arguments.Bind(state, name, 0, "sep", "maxsplit");
        var most = given.Whole(1, -1) is var limit && limit < 0 ? int.MaxValue : limit;
        var separator = given.Value(0, null) is null ? null : given.Text(0);
        if (separator == "") throw state.Refuse($"'{name}' is given an empty separator");
        state.ChargeText(text.Length);
        var parts = separator is null ? Words(text, most, fromEnd) : Split(text, separator, most, fromEnd);
        state.Charge(parts.Count);
        return Values.List(parts);
    }

    private static List<string> Split(string text, string separator, int most, bool fromEnd)
    {
        var parts = new List<string>();
        if (fromEnd)
        {
            var end = text.Length;
            while (most-- > 0 && end > 0 && text.LastIndexOf(separator, end - 1, StringComparison.Ordinal) is var at && at >= 0)
            {
                parts.Add(text[(at + separator.Length)..end]);
                end = at;
            }
            parts.Add(text[..end]);
            parts.Reverse();
            return parts;
        }
        var start = 0;
        while (most-- > 0 && text.IndexOf(separator, start, StringComparison.Ordinal) is var at && at >= 0)
        {
            parts.Add(text[start..at]);
            start = at + separator.Length;
        }
        parts.Add(text[start..]);
        return parts;
    }

    // Without a separator: at runs of space, none of which is left in the parts but in an unsplit rest.
    private static List<string> Words(string text, int most, bool fromEnd)
    {
        var parts = new List<string>();
        var (from, to) = (0, text.Length);
        while (true)
        {
            while (from < to && PythonText.IsSpace(text[fromEnd ? to - 1 : from])) _ = fromEnd ? to-- : from++;
            if (from == to) break;
            if (most-- <= 0)
            {
                parts.Add(text[from..to]);
                break;
            }
            var cut = fromEnd ? to : from;
            while (fromEnd ? cut > from && !PythonText.IsSpace(text[cut - 1]) : cut < to && !PythonText.IsSpace(text[cut])) _ = fromEnd ? cut-- : cut++;
            parts.Add(fromEnd ? text[cut..to] : text[from..cut]);
            if (fromEnd) to = cut;
            else from = cut;
        }
        if (fromEnd) parts.Reverse();
        return parts;
    }

    private static Sequence Parted(RenderState state, string text, Arguments arguments, string name, bool fromEnd)
    {
        var separator = arguments.Bind(state, name, 1, "sep").Text(0);
        if (separator == "") throw state.Refuse($"'{name}' is given an empty separator");
        state.ChargeText(text.Length);
        var at = fromEnd ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        string[] parts = at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]] : fromEnd ? ["", "", text] : [text, "", ""];
        return new(parts, SequenceForm.Tuple);
    }

    private static object Place(string text, int offset) => offset < 0 ? -1L : CodePoints.Index(text, offset);

    private static object All(string text, Func<char, bool> holds) => text.Length > 0 && text.All(holds);

    private static object IsCase(string text, bool upper)
    {
        var (right, wrong) = (false, false);
        foreach (var c in text)
        {
            if (char.IsUpper(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.TitlecaseLetter && !upper) (right, wrong) = upper ? (true, wrong) : (right, true);
            else if (char.IsLower(c)) (right, wrong) = upper ? (right, true) : (true, wrong);
        }
        return right && !wrong;
    }

    // A letter that follows no letter is large, the others are small.
    private static string Titled(string text)
    {
        var result = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var part in CodePoints.Split(text))
        {
            result.Append(inWord ? part.ToLowerInvariant() : part.ToUpperInvariant());
            inWord = part.ToLowerInvariant() != part || part.ToUpperInvariant() != part;
        }
        return result.ToString();
    }
}
