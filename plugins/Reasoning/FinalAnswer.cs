using System.Globalization;
using System.Text.RegularExpressions;

namespace RewardKit.Plugins.Reasoning;

/// <summary>What an answer comes to in the end, read as CREAM's released code reads it (arXiv:2410.12735).</summary>
public static partial class FinalAnswer
{
    private static readonly string[] Marks = ["####", "###", "answer:", "answer is"];

    /// <summary>
    /// The letter behind the first <c>answer:</c> that a single letter follows, else the last letter that stands alone anywhere,
    /// in upper case. The article "a" is such a letter, too.
    /// </summary>
    /// <param name="text">The answer.</param>
    /// <param name="choices">How many letters there are, from A on; at least four count.</param>
    /// <returns>The letter; null where there is none.</returns>
    public static char? Choice(string text, int choices = 4)
    {
        var last = (char)('A' + Math.Clamp(choices, 4, 26) - 1);
        return Letters(Marked().Matches(text)).FirstOrDefault() ?? Letters(Alone().Matches(text)).LastOrDefault();

        IEnumerable<char?> Letters(MatchCollection found) =>
            found.Select(match => (char?)char.ToUpperInvariant(match.Groups[1].Value[0])).Where(letter => letter <= last);
    }

    /// <summary>
    /// Of the first mark that the text has (<c>####</c>, <c>###</c>, <c>answer:</c>, <c>answer is</c>, looked for in this order)
    /// the first number behind it; without a mark the last number of the text. Commas do not matter.
    /// </summary>
    /// <param name="text">The answer.</param>
    /// <returns>The number; null where there is none, or none that a decimal can hold.</returns>
    public static decimal? Number(string text)
    {
        text = text.ToLowerInvariant();
        var found = Marks.FirstOrDefault(mark => text.Contains(mark, StringComparison.Ordinal)) is { } mark
            ? Numbers().Match(text, text.IndexOf(mark, StringComparison.Ordinal) + mark.Length)
            : Numbers().Matches(text).LastOrDefault();
        return found is { Success: true }
            && decimal.TryParse(found.Value.Replace(",", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    [GeneratedRegex(@"answer:\s*([a-z])\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Marked();

    [GeneratedRegex(@"\b([a-z])\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Alone();

    // A minus between two numbers is none of theirs.
    [GeneratedRegex(@"(?:(?<![\w)])-)?(?:\d[\d,]*(?:\.\d+)?|\.\d+)")]
    private static partial Regex Numbers();
}
