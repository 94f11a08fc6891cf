using System.Globalization;

namespace RewardKit.Training.Data;

/// <summary>A line of a file below the message that is about it: with its number, and marks under what is meant.</summary>
public static class SourceExcerpt
{
    private const int Widest = 100;

    /// <summary>
    /// <code>
    ///   12 | arm "crome" [ Loss.crome (tieWeigth = 1.0) ]
    ///      |                           ^^^^^^^^^
    /// </code>
    /// Without a newline at its end. A line too wide for a terminal is cut around the marks.
    /// </summary>
    /// <param name="line">The line's text.</param>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="column">The first character meant, from 1; 0 where the whole line is.</param>
    /// <param name="length">How many characters are meant; those beyond the line's end are not marked.</param>
    public static string Of(string line, int number, int column = 0, int length = 1)
    {
        ArgumentNullException.ThrowIfNull(line);
        // What a file says must not steer the terminal, and a tab must not move the marks.
        var text = string.Concat(line.TrimEnd().Select(c => char.IsControl(c) ? ' ' : c));
        var start = Math.Max(0, column - 1);
        var first = text.Length <= Widest ? 0 : Math.Clamp(start - Widest / 3, 0, text.Length - Widest);
        var (before, after) = (first > 0 ? "…" : "", first + Widest < text.Length ? "…" : "");
        var shown = $"{before}{text[first..Math.Min(text.Length, first + Widest)]}{after}";
        var label = number.ToString(CultureInfo.InvariantCulture).PadLeft(4);
        var excerpt = $"{label} | {shown}";
        if (column < 1 || start > text.Length) return excerpt;
        var marks = new string('^', Math.Clamp(Math.Min(length, Math.Min(text.Length, first + Widest) - start), 1, Widest));
        return $"{excerpt}\n{new string(' ', label.Length)} | {new string(' ', start - first + before.Length)}{marks}";
    }
}
