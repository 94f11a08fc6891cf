using System.Text.Json;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Plugins;

/// <summary>
/// Reads manifests property by property. Every command reads all of them, and the serializer's generic code for numbers and
/// enumerations would be compiled anew in each process: half of all that is compiled when a script starts.
/// </summary>
internal static class ManifestReader
{
    private static readonly string[] s_needed = ["name", "version", "assembly", "sha256", "contractVersion", "plugins"];

    /// <summary>Reads a manifest.</summary>
    /// <param name="json">The file's bytes.</param>
    /// <exception cref="JsonException">It is not JSON, or no manifest.</exception>
    public static PluginManifest Read(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object) throw new JsonException("It is no object.");
        string[] missing = [.. s_needed.Where(name => Find(root, name) is null)];
        if (missing.Length > 0) throw new JsonException($"It has no {string.Join(", ", missing)}.");
        return new()
        {
            Name = Text(root, "name"),
            Version = Text(root, "version"),
            Assembly = Text(root, "assembly"),
            Sha256 = Text(root, "sha256"),
            ContractVersion = Needed(root, "contractVersion") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var version)
                ? version : throw Wrong("contractVersion", "a whole number"),
            Plugins = Items(root, "plugins", Plugin),
        };
    }

    private static PluginDescription Plugin(JsonElement plugin) => new()
    {
        Kind = (PluginKind)Choice(typeof(PluginKind), plugin, "kind")!,
        Id = Text(plugin, "id"),
        Paper = OptionalText(plugin, "paper"),
        OwnData = Flag(plugin, "ownData"),
        Type = Text(plugin, "type"),
        Summary = OptionalText(plugin, "summary"),
        OptionsType = OptionalText(plugin, "optionsType"),
        Options = Items(plugin, "options", Option),
    };

    private static OptionDescription Option(JsonElement option) => new()
    {
        Name = Text(option, "name"),
        Property = Text(option, "property"),
        Type = (OptionType)Choice(typeof(OptionType), option, "type")!,
        Nullable = Flag(option, "nullable"),
        Default = Find(option, "default") is { } value ? Scalar(value) : null,
        Minimum = Bound(option, "minimum"),
        Maximum = Bound(option, "maximum"),
        MinimumIsExclusive = Flag(option, "minimumIsExclusive"),
        MaximumIsExclusive = Flag(option, "maximumIsExclusive"),
        Choices = Find(option, "choices") is null ? null : Items(option, "choices", choice => Scalar(choice) ?? throw Wrong("choices", "a list of values")),
        Input = Find(option, "input") is null ? null : (InputKind)Choice(typeof(InputKind), option, "input")!,
        Doc = OptionalText(option, "doc"),
    };

    // A double always has a point or an exponent.
    private static object? Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.TryGetInt32(out var number) ? number : (object)value.GetDouble(),
        _ => throw new JsonException("A default or choice must be true, false, a number, a string or null."),
    };

    private static string Text(JsonElement owner, string name) =>
        Needed(owner, name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : throw Wrong(name, "a text");

    private static string? OptionalText(JsonElement owner, string name) => Find(owner, name) is null ? null : Text(owner, name);

    private static bool Flag(JsonElement owner, string name) => Find(owner, name)?.ValueKind switch
    {
        JsonValueKind.True => true,
        null or JsonValueKind.False => false,
        _ => throw Wrong(name, "true or false"),
    };

    private static double? Bound(JsonElement owner, string name) => Find(owner, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } number => number.GetDouble(),
        _ => throw Wrong(name, "a number"),
    };

    private static object? Choice(Type type, JsonElement owner, string name) =>
        Enum.TryParse(type, Text(owner, name), ignoreCase: true, out var value) && Enum.IsDefined(type, value) ? value
            : throw Wrong(name, string.Join(", ", Enum.GetNames(type)));

    private static List<T> Items<T>(JsonElement owner, string name, Func<JsonElement, T> read)
    {
        if (Needed(owner, name) is not { ValueKind: JsonValueKind.Array } array) throw Wrong(name, "a list");
        var items = new List<T>();
        foreach (var item in array.EnumerateArray()) items.Add(read(item));
        return items;
    }

    private static JsonElement Needed(JsonElement owner, string name) => Find(owner, name) ?? throw new JsonException($"It has no \"{name}\".");

    private static JsonElement? Find(JsonElement owner, string name) =>
        owner.ValueKind != JsonValueKind.Object ? throw new JsonException($"An object with \"{name}\" was expected.")
            : owner.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static JsonException Wrong(string name, string expected) => new($"Its \"{name}\" must be {expected}.");
}
