using System.Globalization;
using System.Text.RegularExpressions;

namespace RewardKit.Models.Tokenization;

/// <summary>
/// A regular expression over code points. .NET's engine works on UTF-16 units, where a letter beyond the basic plane is
/// two surrogates and no letter; so each surrogate pair is replaced by one basic-plane character of the same general
/// category before matching.
/// </summary>
internal sealed class UnicodeRegex(Regex regex)
{
    private static readonly char[] StandIns = MakeStandIns();

    /// <summary>The matches in a text, in order, as start and length in UTF-16 units.</summary>
    public IEnumerable<(int Start, int Length)> Matches(string text, int start, int length)
    {
        var found = new List<(int, int)>();
        var span = text.AsSpan(start, length);
        if (!span.ContainsAnyInRange('\uD800', '\uDFFF'))
        {
            foreach (var match in regex.EnumerateMatches(span)) found.Add((start + match.Index, match.Length));
            return found;
        }
        var points = new char[span.Length];
        var offsets = new int[span.Length + 1];
        var count = 0;
        for (var i = 0; i < span.Length; count++)
        {
            offsets[count] = i;
            var pair = i + 1 < span.Length && char.IsSurrogatePair(span[i], span[i + 1]);
            // A lone surrogate is encoded as U+FFFD, so it is matched as that.
            points[count] = pair ? StandIns[(int)CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(span[i], span[i + 1]))]
                : char.IsSurrogate(span[i]) ? '\uFFFD' : span[i];
            i += pair ? 2 : 1;
        }
        offsets[count] = span.Length;
        foreach (var match in regex.EnumerateMatches(points.AsSpan(0, count)))
            found.Add((start + offsets[match.Index], offsets[match.Index + match.Length] - offsets[match.Index]));
        return found;
    }

    private static char[] MakeStandIns()
    {
        var standIns = new char[Enum.GetValues<UnicodeCategory>().Length];
        for (var c = '\u0080'; c < '\uFFFF'; c++) standIns[(int)char.GetUnicodeCategory(c)] = c;
        return standIns;
    }
}
