using System.Buffers;
using System.Text;

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
    int Id, string Content, bool Special, bool Normalized = false, bool SingleWord = false, bool StripLeft = false, bool StripRight = false)
{
    /// <summary>Whether the text is written as in normalised text, and not to be normalised again.</summary>
    public bool IsNormalForm { get; init; }
}

/// <summary>Finds added tokens in text: leftmost first, then longest.</summary>
internal sealed class AddedTokens
{
    private const int Root = 0;

    // A trie: the node after a node and a character, and the token that ends at a node.
    private readonly Dictionary<(int Node, char Next), int> _nodes = [];
    private readonly Dictionary<int, AddedToken> _ends = [];
    private readonly SearchValues<char> _first;

    /// <summary>Makes a finder.</summary>
    /// <param name="tokens">The tokens with the text to look for; of equal texts the first holds.</param>
    public AddedTokens(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        var first = new HashSet<char>();
        foreach (var (text, token) in tokens)
        {
            if (text.Length == 0) continue;
            first.Add(text[0]);
            var node = Root;
            foreach (var c in text)
            {
                if (!_nodes.TryGetValue((node, c), out var next)) _nodes[(node, c)] = next = _nodes.Count + 1;
                node = next;
            }
            _ends.TryAdd(node, token);
        }
        _first = SearchValues.Create([.. first]);
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
            if (token.SingleWord && (EndsWithWord(text.AsSpan(0, at)) || StartsWithWord(text.AsSpan(position)))) continue;
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
            AddedToken? longest = null;
            var length = 0;
            for (var (node, end) = (Root, position); end < text.Length && _nodes.TryGetValue((node, text[end]), out node);)
            {
                end++;
                if (_ends.TryGetValue(node, out var token)) (longest, length) = (token, end - position);
            }
            if (longest is not null) return (position, longest, length);
            position++;
        }
        return null;
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeLastFromUtf16(text, out var rune, out _) == OperationStatus.Done && CharClass.IsWord(rune);

    private static bool StartsWithWord(ReadOnlySpan<char> text) =>
        Rune.DecodeFromUtf16(text, out var rune, out _) == OperationStatus.Done && CharClass.IsWord(rune);
}
