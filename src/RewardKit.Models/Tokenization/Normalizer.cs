using System.Text;

namespace RewardKit.Models.Tokenization;

/// <summary>What happens to text before it is cut into words: steps in order.</summary>
internal sealed class Normalizer
{
    private const string Known = "Lowercase, NFC, NFD, NFKC, NFKD, Prepend, Replace, Sequence, Strip, StripAccents";

    private readonly List<Func<string, string>> _steps = [];

    /// <summary>Whether text gets a space mark in front, as in SentencePiece's models.</summary>
    public bool PrependsSpace { get; private set; }

    /// <summary>Reads the <c>normalizer</c> of a <c>tokenizer.json</c>.</summary>
    public static Normalizer Parse(JsonField? field)
    {
        var result = new Normalizer();
        if (field is { } given) result.Add(given);
        return result;
    }

    /// <summary>SentencePiece's: spaces become <c>▁</c>, and one stands in front of the text.</summary>
    public static Normalizer SentencePiece(bool addDummyPrefix)
    {
        var result = new Normalizer();
        if (addDummyPrefix) result.AddPrepend("\u2581");
        result._steps.Add(text => text.Replace(' ', '\u2581'));
        return result;
    }

    /// <summary>Normalises a text.</summary>
    public string Apply(string text)
    {
        foreach (var step in _steps) text = step(text);
        return text;
    }

    /// <summary>Reads a component that replaces every match of its <c>pattern</c> by its <c>content</c>.</summary>
    public static Func<string, string> Replacement(JsonField field)
    {
        var content = field.Required("content").Text();
        var pattern = field.Required("pattern");
        if (pattern.Optional("String") is { } literal)
        {
            var old = literal.Text();
            if (old.Length == 0) throw literal.Malformed("is empty; expected what to replace");
            return text => text.Replace(old, content, StringComparison.Ordinal);
        }
        var regex = UnicodeRegex.Parse(pattern);
        return text =>
        {
            var result = new StringBuilder();
            var done = 0;
            foreach (var (start, end) in regex.Matches(text))
            {
                result.Append(text, done, start - done).Append(content);
                done = end;
            }
            return done == 0 ? text : result.Append(text, done, text.Length - done).ToString();
        };
    }

    private void Add(JsonField field)
    {
        switch (field.Type())
        {
            case "Sequence":
                foreach (var child in field.Required("normalizers").Items()) Add(child);
                break;
            case "Prepend":
                AddPrepend(field.Required("prepend").Text());
                break;
            case "Replace":
                _steps.Add(Replacement(field));
                break;
            case "NFC":
                _steps.Add(text => UnicodeNormalization.Compose(text, compatible: false));
                break;
            case "NFD":
                _steps.Add(text => UnicodeNormalization.Decompose(text, compatible: false));
                break;
            case "NFKC":
                _steps.Add(text => UnicodeNormalization.Compose(text, compatible: true));
                break;
            case "NFKD":
                _steps.Add(text => UnicodeNormalization.Decompose(text, compatible: true));
                break;
            case "Strip":
                var (left, right) = (field.Flag("strip_left"), field.Flag("strip_right"));
                _steps.Add(text => left && right ? text.Trim() : left ? text.TrimStart() : right ? text.TrimEnd() : text);
                break;
            case "StripAccents":
                _steps.Add(text => Map(text, (rune, result) =>
                {
                    if (!CharClass.IsMark(rune)) result.Append(rune);
                }));
                break;
            case "Lowercase":
                // İ is the one character whose lower case is two.
                _steps.Add(text => Map(text, (rune, result) =>
                {
                    if (rune.Value == 0x130) result.Append("i\u0307");
                    else result.Append(Rune.ToLowerInvariant(rune));
                }));
                break;
            case var type:
                throw field.Unsupported($"normalizer {type} (known: {Known})");
        }
    }

    private void AddPrepend(string mark)
    {
        PrependsSpace |= mark is " " or "\u2581";
        _steps.Add(text => text.Length == 0 ? text : mark + text);
    }

    private static string Map(string text, Action<Rune, StringBuilder> map)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) map(rune, result);
        return result.ToString();
    }
}
