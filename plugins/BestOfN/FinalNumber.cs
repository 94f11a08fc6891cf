using System.Globalization;
using System.Text.RegularExpressions;

namespace RewardKit.Plugins.BestOfN;

/// <summary>The number that a solution of a word problem ends in (GSM8K, arXiv:2110.14168).</summary>
public static partial class FinalNumber
{
    private const string Mark = "####", Box = @"\boxed{";

    /// <summary>
    /// The first number behind the last <c>####</c>, else the first within the last <c>\boxed{}</c>, else the last number of the
    /// text. Commas and what stands around a number do not matter.
    /// </summary>
    /// <param name="solution">The solution.</param>
    /// <returns>The number; null where there is none, or none that a decimal can hold.</returns>
    public static decimal? Of(string solution)
    {
        var marked = solution.LastIndexOf(Mark, StringComparison.Ordinal);
        var boxed = solution.LastIndexOf(Box, StringComparison.Ordinal);
        var found = marked >= 0 ? Number().Match(solution, marked + Mark.Length)
            : boxed >= 0 ? Number().Match(solution, boxed + Box.Length)
            : Number().Matches(solution).LastOrDefault();
        return found is { Success: true } && decimal.TryParse(found.Value.Replace(",", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    // A minus between two numbers is none of theirs.
    [GeneratedRegex(@"(?:(?<![\w)])-)?(?:\d[\d,]*(?:\.\d+)?|\.\d+)")]
    private static partial Regex Number();
}
