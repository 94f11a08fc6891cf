using System.Text.Json;

namespace RewardKit.Models.Tokenization;

/// <summary>What happens to text before it is cut into words: steps in order.</summary>
internal sealed class Normalizer
{
    private readonly List<Func<string, string>> _steps = [];

    /// <summary>Whether text gets a space mark in front, as in SentencePiece's models.</summary>
    public bool PrependsSpace { get; private set; }

    /// <summary>Reads the <c>normalizer</c> of a <c>tokenizer.json</c>.</summary>
    public static Normalizer Parse(JsonElement element, TokenizerJson json)
    {
        var result = new Normalizer();
        result.Add(element, json);
        return result;
    }

    /// <summary>Normalises a text.</summary>
    public string Apply(string text)
    {
        foreach (var step in _steps) text = step(text);
        return text;
    }

    private void Add(JsonElement element, TokenizerJson json)
    {
        if (element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined) return;
        switch (json.Type(element, "normalizer"))
        {
            case "Sequence":
                foreach (var child in json.Property(element, "normalizers").EnumerateArray()) Add(child, json);
                break;
            case "Prepend":
                var mark = json.Text(element, "prepend");
                PrependsSpace |= mark is " " or "\u2581";
                _steps.Add(text => text.Length == 0 ? text : mark + text);
                break;
            case "Replace":
                _steps.Add(json.Replacement(element));
                break;
            case var type:
                throw json.Unsupported($"normalizer {type} (known: Prepend, Replace, Sequence)");
        }
    }
}
