using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>Finds what a text is cut at: the bounds of each match, in order, none of them empty.</summary>
internal delegate List<(int Start, int End)> Matcher(ReadOnlySpan<char> text);

/// <summary>What becomes of the matches that a text is cut at.</summary>
internal enum SplitBehavior
{
    /// <summary>They are left out.</summary>
    Removed,

    /// <summary>Each is a piece of its own.</summary>
    Isolated,

    /// <summary>Adjacent ones are one piece.</summary>
    Contiguous,

    /// <summary>Each joins the piece before it, unless that is a match, too.</summary>
    MergedWithPrevious,

    /// <summary>Each joins the piece after it, unless that is a match, too.</summary>
    MergedWithNext,
}

/// <summary>Cuts text at matches.</summary>
internal sealed class Split(Matcher matcher, SplitBehavior behavior, bool invert, Stage next) : Stage
{
    /// <inheritdoc/>
    public override void Run(ReadOnlySpan<char> text, bool atStart, List<int> ids)
    {
        var segments = Segments(text);
        for (var i = 0; i < segments.Count; i++)
        {
            var (start, end, isMatch) = segments[i];
            switch (behavior)
            {
                case SplitBehavior.Removed when isMatch:
                    continue;
                case SplitBehavior.Contiguous:
                    while (i + 1 < segments.Count && segments[i + 1].IsMatch == isMatch) end = segments[++i].End;
                    break;
                case SplitBehavior.MergedWithPrevious when !isMatch && i + 1 < segments.Count && segments[i + 1].IsMatch:
                case SplitBehavior.MergedWithNext when isMatch && i + 1 < segments.Count && !segments[i + 1].IsMatch:
                    end = segments[++i].End;
                    break;
            }
            next.Run(text[start..end], atStart && start == 0, ids);
        }
    }

    /// <summary>Finds a fixed string.</summary>
    public static Matcher Literal(string literal) => text =>
    {
        var found = new List<(int, int)>();
        for (var at = 0; text[at..].IndexOf(literal, StringComparison.Ordinal) is >= 0 and var offset; at += offset + literal.Length)
            found.Add((at + offset, at + offset + literal.Length));
        return found;
    };

    /// <summary>Finds single characters.</summary>
    public static Matcher Characters(Func<Rune, bool> wanted) => text =>
    {
        var found = new List<(int, int)>();
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (wanted(rune)) found.Add((at, at + rune.Utf16SequenceLength));
            at += rune.Utf16SequenceLength;
        }
        return found;
    };

    /// <summary>Finds runs of characters of equal kind; kind 0 is not found.</summary>
    public static Matcher Runs(Func<Rune, int> kind) => text =>
    {
        var found = new List<(int, int)>();
        var (at, start, current) = (0, 0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if (kind(rune) is var k && k != current)
            {
                if (current != 0) found.Add((start, at));
                (start, current) = (at, k);
            }
            at += rune.Utf16SequenceLength;
        }
        if (current != 0) found.Add((start, at));
        return found;
    };

    private List<(int Start, int End, bool IsMatch)> Segments(ReadOnlySpan<char> text)
    {
        var segments = new List<(int, int, bool)>();
        var done = 0;
        foreach (var (start, end) in matcher(text))
        {
            if (start > done) segments.Add((done, start, invert));
            segments.Add((start, end, !invert));
            done = end;
        }
        if (done < text.Length) segments.Add((done, text.Length, invert));
        return segments;
    }
}
