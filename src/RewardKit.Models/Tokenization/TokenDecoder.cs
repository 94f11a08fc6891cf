using System.Globalization;
using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>How tokens become text again: steps over the list of token strings, joined at the end.</summary>
internal sealed class TokenDecoder
{
    private const string Known = "ByteFallback, ByteLevel, Fuse, Metaspace, Replace, Sequence, Strip";

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly List<Func<List<string>, List<string>>> _steps = [];
    private readonly string _separator;

    private TokenDecoder(string separator) => _separator = separator;

    /// <summary>The decoder of a byte-level vocabulary.</summary>
    public static TokenDecoder ByteLevelOnly()
    {
        var result = new TokenDecoder("");
        result._steps.Add(DecodeByteLevel);
        return result;
    }

    /// <summary>The decoder of a SentencePiece vocabulary.</summary>
    public static TokenDecoder SentencePiece(bool dropsFirstSpace)
    {
        var result = new TokenDecoder("");
        result._steps.Add(tokens => tokens.ConvertAll(token => token.Replace('\u2581', ' ')));
        result._steps.Add(DecodeByteFallback);
        result._steps.Add(Fuse);
        if (dropsFirstSpace) result._steps.Add(tokens => tokens.ConvertAll(token => Strip(token, ' ', 1, 0)));
        return result;
    }

    /// <summary>Reads the <c>decoder</c> of a <c>tokenizer.json</c>; without one, tokens are joined by spaces.</summary>
    public static TokenDecoder Parse(JsonField? field)
    {
        var result = new TokenDecoder(field is null ? " " : "");
        if (field is { } given) result.Add(given);
        return result;
    }

    /// <summary>Joins tokens to text.</summary>
    public string Apply(List<string> tokens)
    {
        foreach (var step in _steps) tokens = step(tokens);
        return string.Join(_separator, tokens);
    }

    private void Add(JsonField field)
    {
        switch (field.Type())
        {
            case "Sequence":
                foreach (var child in field.Required("decoders").Items()) Add(child);
                break;
            case "ByteLevel":
                _steps.Add(DecodeByteLevel);
                break;
            case "ByteFallback":
                _steps.Add(DecodeByteFallback);
                break;
            case "Fuse":
                _steps.Add(Fuse);
                break;
            case "Replace":
                var replace = Normalizer.Replacement(field);
                _steps.Add(tokens => tokens.ConvertAll(token => replace(token)));
                break;
            case "Strip":
                var content = field.Required("content");
                if (content.Text() is not [var mark]) throw content.Unsupported($"decoder Strip of '{content.Text()}', which is not one character");
                var (start, stop) = (field.Required("start").Number(), field.Required("stop").Number());
                _steps.Add(tokens => tokens.ConvertAll(token => Strip(token, mark, start, stop)));
                break;
            case "Metaspace":
                var replacement = field.Optional("replacement")?.Text() ?? "\u2581";
                var prepends = (field.Optional("prepend_scheme")?.Text() ?? (field.Flag("add_prefix_space", true) ? "always" : "never")) != "never";
                // The first token's marks are what encoding put in front.
                _steps.Add(tokens => [.. tokens.Select((token, i) => token.Replace(replacement, i == 0 && prepends ? "" : " ", StringComparison.Ordinal))]);
                break;
            case var type:
                throw field.Unsupported($"decoder {type} (known: {Known})");
        }
    }

    private static List<string> Fuse(List<string> tokens) => [string.Concat(tokens)];

    private static List<string> DecodeByteLevel(List<string> tokens)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens) ByteLevel.Decode(token, bytes);
        return [Encoding.UTF8.GetString([.. bytes])];
    }

    private static List<string> DecodeByteFallback(List<string> tokens)
    {
        var result = new List<string>();
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            if (token is ['<', '0', 'x', _, _, '>']
                && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes.Add(value);
                continue;
            }
            Flush();
            result.Add(token);
        }
        Flush();
        return result;

        void Flush()
        {
            if (bytes.Count == 0) return;
            try
            {
                result.Add(Strict.GetString([.. bytes]));
            }
            catch (DecoderFallbackException)
            {
                result.AddRange(Enumerable.Repeat("\uFFFD", bytes.Count));
            }
            bytes.Clear();
        }
    }

    private static string Strip(string token, char mark, int start, int stop)
    {
        var (from, to) = (0, token.Length);
        while (from < to && from < start && token[from] == mark) from++;
        while (to > from && token.Length - to < stop && token[to - 1] == mark) to--;
        return token[from..to];
    }
}
