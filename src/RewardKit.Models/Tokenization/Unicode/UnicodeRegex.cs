using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;

namespace RewardKit.Models.Tokenization;

/// <summary>
/// A regular expression over code points. .NET's engine works on UTF-16 units, where a letter beyond the basic plane is
/// two surrogates and no letter; so each surrogate pair is replaced by one basic-plane character of the same general
/// category before matching. So is a character whose category this .NET does not know yet.
/// </summary>
internal sealed class UnicodeRegex
{
    // For one match. Patterns come from strangers; one that backtracks without end is stopped.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly char[] StandIns = MakeStandIns();
    private static readonly SearchValues<char> Replaced = SearchValues.Create(
        [.. Enumerable.Range(0, 1 << 16).Select(c => (char)c).Where(c => char.IsSurrogate(c) || NeedsStandIn(c))]);

    private readonly Regex _regex;
    private readonly JsonField _field;

    private UnicodeRegex(Regex regex, JsonField field) => (_regex, _field) = (regex, field);

    /// <summary>Reads a component's pattern, <c>{"Regex": ...}</c>.</summary>
    public static UnicodeRegex Parse(JsonField pattern)
    {
        var expression = pattern.Required("Regex");
        try
        {
            return new(new(expression.Text(), RegexOptions.CultureInvariant | RegexOptions.Compiled, Patience), expression);
        }
        catch (ArgumentException e)
        {
            throw expression.Unsupported($"the regular expression {expression.Text()} ({e.Message})");
        }
    }

    /// <summary>The matches in a text, in order, by their bounds in UTF-16 units; empty ones are left out.</summary>
    public List<(int Start, int End)> Matches(ReadOnlySpan<char> text)
    {
        var found = new List<(int, int)>();
        try
        {
            if (text.ContainsAny(Replaced)) FindWithStandIns(text, found);
            else
                foreach (var match in _regex.EnumerateMatches(text))
                    if (match.Length > 0) found.Add((match.Index, match.Index + match.Length));
        }
        catch (RegexMatchTimeoutException e)
        {
            throw RewardKitException.Input(_field.Malformed($"took more than {Patience.TotalSeconds:0} seconds on a text").Message, e);
        }
        return found;
    }

    private void FindWithStandIns(ReadOnlySpan<char> span, List<(int, int)> found)
    {
        var points = new char[span.Length];
        var offsets = new int[span.Length + 1];
        var count = 0;
        for (var i = 0; i < span.Length; count++)
        {
            offsets[count] = i;
            var pair = i + 1 < span.Length && char.IsSurrogatePair(span[i], span[i + 1]);
            // A lone surrogate is encoded as U+FFFD, so it is matched as that.
            points[count] = pair ? StandIns[(int)UnicodeTable.Category(char.ConvertToUtf32(span[i], span[i + 1]))]
                : char.IsSurrogate(span[i]) ? '\uFFFD'
                : NeedsStandIn(span[i]) ? StandIns[(int)UnicodeTable.Category(span[i])] : span[i];
            i += pair ? 2 : 1;
        }
        offsets[count] = span.Length;
        foreach (var match in _regex.EnumerateMatches(points.AsSpan(0, count)))
            if (match.Length > 0) found.Add((offsets[match.Index], offsets[match.Index + match.Length]));
    }

    private static char[] MakeStandIns()
    {
        var standIns = new char[Enum.GetValues<UnicodeCategory>().Length];
        for (var c = '\u0080'; c < '\uFFFF'; c++)
            if (!NeedsStandIn(c)) standIns[(int)char.GetUnicodeCategory(c)] = c;
        return standIns;
    }

    private static bool NeedsStandIn(char c) => char.GetUnicodeCategory(c) != UnicodeTable.Category(c);
}
