using System.Text.Json;
using System.Text.RegularExpressions;

namespace RewardKit.Models.Tokenization;

/// <summary>Cuts normalised text into the words that byte-pair merges never cross.</summary>
internal sealed partial class PreTokenizer
{
    private enum Keep
    {
        /// <summary>Matches and what lies between them.</summary>
        Both,

        /// <summary>Only the matches.</summary>
        Matches,

        /// <summary>Only what lies between the matches.</summary>
        Gaps,
    }

    private sealed record Splitter(UnicodeRegex Pattern, Keep Keep);

    [GeneratedRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Gpt2Pattern();

    private readonly List<Splitter> _splitters = [];
    private bool _addPrefixSpace;

    /// <summary>Whether words are written in <see cref="Tokenization.ByteLevel"/>'s alphabet.</summary>
    public bool ByteLevel { get; private set; }

    /// <summary>Text as one word.</summary>
    public static PreTokenizer None => new();

    /// <summary>GPT-2's own.</summary>
    public static PreTokenizer Gpt2()
    {
        var result = new PreTokenizer { ByteLevel = true };
        result._splitters.Add(new(new(Gpt2Pattern()), Keep.Both));
        return result;
    }

    /// <summary>Reads the <c>pre_tokenizer</c> of a <c>tokenizer.json</c>.</summary>
    public static PreTokenizer Parse(JsonElement element, TokenizerJson json)
    {
        var result = new PreTokenizer();
        result.Add(element, json);
        return result;
    }

    /// <summary>Cuts a text.</summary>
    /// <param name="text">The text; changed where the tokenizer adds a space in front.</param>
    /// <returns>Start and length of each word in the text, in order.</returns>
    public List<(int Start, int Length)> Split(ref string text)
    {
        if (_addPrefixSpace && !text.StartsWith(' ')) text = " " + text;
        List<(int Start, int Length)> pieces = [(0, text.Length)];
        foreach (var splitter in _splitters)
        {
            var next = new List<(int, int)>();
            foreach (var (start, length) in pieces)
            {
                var position = start;
                foreach (var match in splitter.Pattern.Matches(text, start, length))
                {
                    if (splitter.Keep != Keep.Matches && match.Start > position) next.Add((position, match.Start - position));
                    if (splitter.Keep != Keep.Gaps && match.Length > 0) next.Add(match);
                    position = match.Start + match.Length;
                }
                if (splitter.Keep != Keep.Matches && start + length > position) next.Add((position, start + length - position));
            }
            pieces = next;
        }
        return pieces;
    }

    private void Add(JsonElement element, TokenizerJson json)
    {
        if (element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined) return;
        if (ByteLevel) throw json.Unsupported("a pre_tokenizer after ByteLevel");
        switch (json.Type(element, "pre_tokenizer"))
        {
            case "Sequence":
                foreach (var child in json.Property(element, "pretokenizers").EnumerateArray()) Add(child, json);
                break;
            case "ByteLevel":
                if (json.Flag(element, "add_prefix_space"))
                    _addPrefixSpace = _splitters.Count == 0 ? true : throw json.Unsupported("add_prefix_space after another pre_tokenizer");
                if (json.Flag(element, "use_regex", true)) _splitters.Add(new(new(Gpt2Pattern()), Keep.Both));
                ByteLevel = true;
                break;
            case "Split":
                var pattern = json.Pattern(element);
                var keep = (json.Text(element, "behavior"), json.Flag(element, "invert")) switch
                {
                    ("Isolated", _) => Keep.Both,
                    ("Removed", true) => Keep.Matches,
                    ("Removed", false) => Keep.Gaps,
                    var (behavior, _) => throw json.Unsupported($"pre_tokenizer Split with behavior {behavior} (known: Isolated, Removed)"),
                };
                _splitters.Add(new(new(pattern), keep));
                break;
            case "Digits":
                _splitters.Add(new(new(new Regex(json.Flag(element, "individual_digits") ? @"\p{N}" : @"\p{N}+",
                    RegexOptions.CultureInvariant)), Keep.Both));
                break;
            case var type:
                throw json.Unsupported($"pre_tokenizer {type} (known: ByteLevel, Digits, Sequence, Split)");
        }
    }
}
