using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RewardKit.Models.Tokenization;

/// <summary>How tokens become text again: steps over the list of token strings, joined at the end.</summary>
internal sealed class TokenDecoder
{
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

    /// <summary>Reads the <c>decoder</c> of a <c>tokenizer.json</c>; without one, tokens are joined by spaces.</summary>
    public static TokenDecoder Parse(JsonElement element, TokenizerJson json)
    {
        var none = element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;
        var result = new TokenDecoder(none ? " " : "");
        if (!none) result.Add(element, json);
        return result;
    }

    /// <summary>Joins tokens to text.</summary>
    public string Apply(List<string> tokens)
    {
        foreach (var step in _steps) tokens = step(tokens);
        return string.Join(_separator, tokens);
    }

    private void Add(JsonElement element, TokenizerJson json)
    {
        switch (json.Type(element, "decoder"))
        {
            case "Sequence":
                foreach (var child in json.Property(element, "decoders").EnumerateArray()) Add(child, json);
                break;
            case "ByteLevel":
                _steps.Add(DecodeByteLevel);
                break;
            case "ByteFallback":
                _steps.Add(DecodeByteFallback);
                break;
            case "Fuse":
                _steps.Add(tokens => [string.Concat(tokens)]);
                break;
            case "Replace":
                var replace = json.Replacement(element);
                _steps.Add(tokens => tokens.ConvertAll(token => replace(token)));
                break;
            case "Strip":
                var mark = json.Text(element, "content");
                if (mark.Length != 1) throw json.Unsupported($"decoder Strip of '{mark}', which is not one character");
                var (start, stop) = (json.Number(element, "start"), json.Number(element, "stop"));
                _steps.Add(tokens => tokens.ConvertAll(token => Strip(token, mark[0], start, stop)));
                break;
            case var type:
                throw json.Unsupported($"decoder {type} (known: ByteFallback, ByteLevel, Fuse, Replace, Sequence, Strip)");
        }
    }

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
