namespace RewardKit.Models.Templates;

/// <summary>Texts as Python counts them: by code points, where .NET counts UTF-16 units.</summary>
internal static class CodePoints
{
    private static bool IsPairAt(string text, int at) =>
        char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]);

    public static int Count(string text)
    {
        var count = text.Length;
        for (var at = 0; at + 1 < text.Length; at++)
            if (IsPairAt(text, at)) count--;
        return count;
    }

    /// <summary>The characters; a lone surrogate counts as one.</summary>
    public static List<string> Split(string text)
    {
        var parts = new List<string>(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            var length = IsPairAt(text, at) ? 2 : 1;
            parts.Add(text.Substring(at, length));
            at += length - 1;
        }
        return parts;
    }

    /// <summary>The place in the text of a code point's index; the text's length for the index behind the last.</summary>
    public static int Offset(string text, int index)
    {
        var at = 0;
        for (; index > 0; index--) at += IsPairAt(text, at) ? 2 : 1;
        return at;
    }

    /// <summary>The code points before a place in the text.</summary>
    public static int Index(string text, int offset) => Count(text[..offset]);

    /// <summary>Large letters; beside the sharp s, which becomes two, letters change one by one.</summary>
    public static string Upper(string text) => text.Replace("ß", "SS").ToUpperInvariant();

    public static int Compare(string left, string right)
    {
        for (var at = 0; at < left.Length && at < right.Length; at++)
        {
            var (a, b) = (left[at], right[at]);
            // Surrogates stand for what lies behind all other units.
            if (a != b) return char.IsSurrogate(a) != char.IsSurrogate(b) ? (char.IsSurrogate(a) ? 1 : -1) : a.CompareTo(b);
        }
        return left.Length.CompareTo(right.Length);
    }
}
