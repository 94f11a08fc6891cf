using System.Text;

namespace RewardKit.Training.Data;

/// <summary>
/// What is wrong at a place of a data file: <c>file(line,column): reason</c>, as tools read it, and below it the line with marks. The
/// line is read again: whoever streams a file keeps none.
/// </summary>
internal static class DataError
{
    // A record of a JSON array may go over many lines; what is meant is in one of them.
    private const int MostLines = 1000;

    /// <summary>Of a line, or of a record that begins with it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="reason">What is wrong, without a full stop.</param>
    /// <param name="mark">The text that is meant; null where the line is.</param>
    /// <param name="lines">How many lines the text may stand in.</param>
    /// <param name="inner">The cause.</param>
    public static RewardKitException Of(string path, long line, string reason, string? mark = null, int lines = 1, Exception? inner = null)
    {
        var read = Read(path, line, Math.Min(lines, MostLines));
        for (var i = 0; mark is not null && i < read.Count; i++)
            if (read[i].IndexOf(mark, StringComparison.Ordinal) is var at and >= 0) return At(path, line + i, at + 1, mark.Length, reason, read[i], inner);
        return At(path, line, 0, 1, reason, read.FirstOrDefault(), inner);
    }

    /// <summary>Of a byte of a line.</summary>
    /// <param name="path">The file.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="position">The byte in it, from 0.</param>
    /// <param name="reason">What is wrong, without a full stop.</param>
    /// <param name="inner">The cause.</param>
    public static RewardKitException AtByte(string path, long line, long position, string reason, Exception? inner)
    {
        var text = Read(path, line, 1).FirstOrDefault();
        if (text is null) return Unreadable(path, line, reason, inner);
        var bytes = Encoding.UTF8.GetBytes(text);
        var column = Encoding.UTF8.GetCharCount(bytes.AsSpan(0, (int)Math.Min(position, bytes.Length))) + 1;
        return At(path, line, column, 1, reason, text, inner);
    }

    /// <summary>Of a line that cannot be shown: the file is damaged there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="line">The line, from 1.</param>
    /// <param name="reason">What is wrong, without a full stop.</param>
    /// <param name="inner">The cause.</param>
    public static RewardKitException Unreadable(string path, long line, string reason, Exception? inner = null) => At(path, line, 0, 1, reason, null, inner);

    private static RewardKitException At(string path, long line, int column, int length, string reason, string? text, Exception? inner)
    {
        var place = column > 0 ? $"{line},{column}" : $"{line}";
        var excerpt = text is null ? "" : "\n" + SourceExcerpt.Of(text, (int)line, column, length);
        return RewardKitException.Input($"{path}({place}): {reason}{(reason.EndsWith('?') ? "" : ".")}{excerpt}", inner);
    }

    private static List<string> Read(string path, long line, int count)
    {
        try
        {
            var (found, number) = (new List<string>(), 0L);
            foreach (var bytes in JsonLines.Lines(path))
            {
                if (++number < line) continue;
                found.Add(Encoding.UTF8.GetString(bytes.Span));
                if (found.Count >= count) break;
            }
            return found;
        }
        catch (RewardKitException)
        {
            return [];
        }
    }
}
