using System.Text.RegularExpressions;

namespace RewardKit.Plugins.ReWordBench;

/// <summary>
/// In RewardBench's math-prm the chosen solutions give their answer in <c>\boxed</c>, the rejected ones below a heading: a model
/// may have learnt the form. Here each gets the other's.
/// </summary>
public static partial class AnswerFormat
{
    private const string Box = @"\boxed{";

    /// <summary>Gives each response the other's way to state the answer.</summary>
    /// <param name="texts">The row.</param>
    /// <returns>The row; null where a response has not the form that is to be changed.</returns>
    public static Texts? Swap(Texts texts) =>
        UnderHeading(texts.Chosen) is { } chosen && Boxed(texts.Rejected) is { } rejected ? texts with { Chosen = chosen, Rejected = rejected } : null;

    private static string? UnderHeading(string solution)
    {
        var start = solution.LastIndexOf(Box, StringComparison.Ordinal);
        if (start < 0) return null;
        var (depth, end) = (1, start + Box.Length);
        for (; end < solution.Length; end++)
        {
            depth += solution[end] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0) break;
        }
        if (depth > 0) return null;
        var value = solution[(start + Box.Length)..end];
        return $"{solution[..start]}{value}{solution[(end + 1)..]}\n\n# Answer\n\n{value}";
    }

    private static string? Boxed(string solution)
    {
        var heading = Heading().Match(solution);
        if (!heading.Success) return null;
        var value = heading.Groups["value"].Value.Trim().Trim('$').Trim();
        return value.Length == 0 ? null : $"{solution[..heading.Index].TrimEnd()}\n\nThe answer is $\\boxed{{{value}}}$.";
    }

    // The last one: nothing after it is another such heading.
    [GeneratedRegex(@"^#+[ \t]*Answer[ \t]*:?[ \t]*\r?\n(?<value>.*?)\z", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.RightToLeft)]
    private static partial Regex Heading();
}
