using System.Text.Json;

namespace RewardKit.Models.Tokenization;

/// <summary>A value in a JSON file that knows where it stands, so that whoever refuses it can say so.</summary>
internal readonly struct JsonField
{
    private readonly string _file;
    private readonly string _path;

    private JsonField(string file, string path, JsonElement element) => (_file, _path, Element) = (file, path, element);

    /// <summary>A file's outermost value.</summary>
    public JsonField(string file, JsonElement root) : this(file, "", root)
    {
    }

    /// <summary>The value itself.</summary>
    public JsonElement Element { get; }

    /// <summary>A component that the tokenizer needs and we lack.</summary>
    public RewardKitException Unsupported(string what) => RewardKitException.Input(
        $"{Place}: the tokenizer uses {what}, which is not supported. Name another tokenizer folder in the model's Tokenizer option.");

    /// <summary>A value that is missing or of the wrong kind.</summary>
    public RewardKitException Malformed(string what) => RewardKitException.Input($"{Place}: {what}.");

    /// <summary>A property that must be there and not null.</summary>
    public JsonField Required(string name) => Optional(name) ?? throw Malformed($"'{name}' is missing");

    /// <summary>A property, or null where it is missing or null.</summary>
    public JsonField? Optional(string name)
    {
        if (Element.ValueKind != JsonValueKind.Object)
            throw Malformed($"is {Kind}; expected an object{(_path.Length == 0 ? "" : $" with '{name}'")}");
        return Element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? new(_file, _path.Length == 0 ? name : $"{_path}.{name}", value)
            : null;
    }

    /// <summary>The elements of an array.</summary>
    public IEnumerable<JsonField> Items()
    {
        if (Element.ValueKind != JsonValueKind.Array) throw Malformed($"is {Kind}; expected an array");
        var (field, at) = (this, 0);
        return Element.EnumerateArray().Select(item => new JsonField(field._file, $"{field._path}[{at++}]", item));
    }

    /// <summary>The value as a string.</summary>
    public string Text()
    {
        if (Element.ValueKind != JsonValueKind.String) throw Malformed($"is {Kind}; expected a string");
        try
        {
            return Element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Malformed("is a string with half a surrogate pair, which is no text");
        }
    }

    /// <summary>The value as a whole number from 0 to 2³¹-1.</summary>
    public int Number() => Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out var number) && number >= 0
        ? number
        : throw Malformed($"is {Kind}; expected a whole number, 0 or more");

    /// <summary>A property that is true or false.</summary>
    /// <param name="name">The property.</param>
    /// <param name="missing">What holds where it is missing or null.</param>
    public bool Flag(string name, bool missing = false) => Optional(name) is not { } value ? missing
        : value.Element.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.Element.GetBoolean()
        : throw value.Malformed($"is {value.Kind}; expected true or false");

    /// <summary>The component's <c>type</c>.</summary>
    public string Type() => Required("type").Text();

    private string Place => _path.Length == 0 ? _file : $"{_file}: {_path}";

    private string Kind => Element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => $"the number {Element.GetRawText()}",
        JsonValueKind.Null => "null",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => "missing",
    };
}
