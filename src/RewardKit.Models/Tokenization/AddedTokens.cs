using System.Globalization;

namespace RewardKit.Models.Tokenization;

/// <summary>A token that is found as it stands in the text before anything else happens.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="Special">Whether it marks structure and is left out of decoded text.</param>
/// <param name="Normalized">Whether it is looked for in normalised text.</param>
/// <param name="SingleWord">Whether it counts only where no letter or digit touches it.</param>
/// <param name="StripLeft">Whether it takes in the white space before it.</param>
/// <param name="StripRight">Whether it takes in the white space after it.</param>
internal sealed record AddedToken(
    int Id, string Content, bool Special, bool Normalized = false, bool SingleWord = false, bool StripLeft = false, bool StripRight = false);

/// <summary>Finds added tokens in text: leftmost first, then longest.</summary>
internal sealed class AddedTokens
{
    private readonly Dictionary<char, (string Text, AddedToken Token)[]> _byFirst;
    private readonly System.Buffers.SearchValues<char> _first;

    /// <summary>Makes a finder.</summary>
    /// <param name="tokens">The tokens with the text to look for.</param>
    public AddedTokens(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        _byFirst = tokens.Where(t => t.Text.Length > 0).GroupBy(t => t.Text[0])
            .ToDictionary(g => g.Key, g => g.OrderByDescending(t => t.Text.Length).ToArray());
        _first = System.Buffers.SearchValues.Create([.. _byFirst.Keys]);
    }

    /// <summary>Cuts text at its added tokens.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The pieces in order: an added token's id, or null for text between them.</returns>
    public IEnumerable<(int Start, int Length, int? Id)> Split(string text)
    {
        var done = 0;
        var position = 0;
        while (Find(text, position) is var (at, token, length))
        {
            position = at + length;
            if (token.SingleWord && (at > 0 && IsWord(text[at - 1]) || position < text.Length && IsWord(text[position]))) continue;
            if (token.StripLeft) while (at > done && char.IsWhiteSpace(text[at - 1])) at--;
            if (token.StripRight) while (position < text.Length && char.IsWhiteSpace(text[position])) position++;
            if (at > done) yield return (done, at - done, null);
            yield return (at, position - at, token.Id);
            done = position;
        }
        if (done < text.Length) yield return (done, text.Length - done, null);
    }

    private (int At, AddedToken Token, int Length)? Find(string text, int position)
    {
        while (position < text.Length)
        {
            var offset = text.AsSpan(position).IndexOfAny(_first);
            if (offset < 0) return null;
            position += offset;
            foreach (var (content, token) in _byFirst[text[position]])
                if (text.AsSpan(position).StartsWith(content, StringComparison.Ordinal)) return (position, token, content.Length);
            position++;
        }
        return null;
    }

    private static bool IsWord(char c) => char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c) is
        UnicodeCategory.ConnectorPunctuation or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;
}
