using System.Text.Json;
using System.Text.RegularExpressions;

namespace RewardKit.Models.Tokenization;

/// <summary>Reads values of a <c>tokenizer.json</c> and says where one is missing or beyond what is supported.</summary>
internal sealed class TokenizerJson(string path)
{
    /// <summary>A component that this tokenizer needs and we lack.</summary>
    public RewardKitException Unsupported(string what) => RewardKitException.Input(
        $"{path}: the tokenizer uses {what}, which is not supported. Name another tokenizer folder in the model's Tokenizer option.");

    /// <summary>A value that is missing or of the wrong kind.</summary>
    public RewardKitException Malformed(string what) => RewardKitException.Input($"{path}: {what}.");

    public JsonElement Property(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value)
            ? value
            : throw Malformed($"'{name}' is missing");

    public string Type(JsonElement element, string kind) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
            ? type.GetString()!
            : throw Malformed($"a {kind} has no 'type'");

    public string Text(JsonElement element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.String } value
            ? value.GetString()!
            : throw Malformed($"'{name}' is not a string");

    public int Number(JsonElement element, string name) =>
        Property(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var number)
            ? number
            : throw Malformed($"'{name}' is not a whole number");

    public bool Flag(JsonElement element, string name, bool missing = false) =>
        !element.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? missing
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Malformed($"'{name}' is neither true nor false");

    /// <summary>The <c>pattern</c> of a component: <c>{"String": ...}</c> or <c>{"Regex": ...}</c>.</summary>
    public Regex Pattern(JsonElement element)
    {
        var pattern = Property(element, "pattern");
        var expression = pattern.TryGetProperty("String", out _) ? Regex.Escape(Text(pattern, "String")) : Text(pattern, "Regex");
        try
        {
            return new Regex(expression, RegexOptions.CultureInvariant | RegexOptions.Compiled);
        }
        catch (ArgumentException e)
        {
            throw Unsupported($"the regular expression {expression} ({e.Message})");
        }
    }

    /// <summary>A component that replaces every match of its <c>pattern</c> by its <c>content</c>.</summary>
    public Func<string, string> Replacement(JsonElement element)
    {
        var content = Text(element, "content");
        if (Property(element, "pattern").TryGetProperty("String", out var literal) && literal.GetString() is { Length: > 0 } old)
            return text => text.Replace(old, content, StringComparison.Ordinal);
        var pattern = Pattern(element);
        return text => pattern.Replace(text, _ => content);
    }
}
