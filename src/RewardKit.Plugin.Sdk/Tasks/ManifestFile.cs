using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace RewardKit.Plugin.Sdk.Tasks;

/// <summary>The form of <c>plugin.json</c>. What is absent (a range, a summary) is left out.</summary>
internal static class ManifestFile
{
    public static void Write(
        string file, string assembly, string version, int contractVersion, IReadOnlyList<PluginEntry> plugins)
    {
        var temporary = file + ".new";
        using (var stream = File.Create(temporary))
        using (var json = new Utf8JsonWriter(stream, new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("name", Path.GetFileNameWithoutExtension(assembly));
            json.WriteString("version", version);
            json.WriteString("assembly", Path.GetFileName(assembly));
            json.WriteString("sha256", Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(assembly))));
            json.WriteNumber("contractVersion", contractVersion);
            json.WriteStartArray("plugins");
            foreach (var plugin in plugins)
                WritePlugin(json, plugin);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        File.Move(temporary, file, overwrite: true);
    }

    private static void WritePlugin(Utf8JsonWriter json, PluginEntry plugin)
    {
        json.WriteStartObject();
        json.WriteString("kind", plugin.Kind);
        json.WriteString("id", plugin.Id);
        WriteText(json, "paper", plugin.Paper);
        if (plugin.OwnData)
            json.WriteBoolean("ownData", true);
        json.WriteString("type", plugin.Type);
        WriteText(json, "summary", plugin.Summary);
        WriteText(json, "optionsType", plugin.Options);
        json.WriteStartArray("options");
        foreach (var option in plugin.OptionList)
            WriteOption(json, option);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteOption(Utf8JsonWriter json, OptionEntry option)
    {
        json.WriteStartObject();
        json.WriteString("name", Names.Camel(option.Property));
        json.WriteString("property", option.Property);
        json.WriteString("type", option.Type);
        json.WriteBoolean("nullable", option.Nullable);
        WriteValue(json, "default", option.Default);
        if (option.Range is { } range)
        {
            if (range.Minimum is not null)
                WriteValue(json, "minimum", range.Minimum);
            if (range.Maximum is not null)
                WriteValue(json, "maximum", range.Maximum);
            if (range.MinimumIsExclusive)
                json.WriteBoolean("minimumIsExclusive", true);
            if (range.MaximumIsExclusive)
                json.WriteBoolean("maximumIsExclusive", true);
        }
        if (option.Choices is { } choices)
        {
            json.WriteStartArray("choices");
            foreach (var choice in choices)
                WriteValue(json, null, choice);
            json.WriteEndArray();
        }
        WriteText(json, "input", option.Input);
        WriteText(json, "doc", option.Doc);
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
            json.WriteString(name, text);
    }

    private static void WriteValue(Utf8JsonWriter json, string? name, object? value)
    {
        if (name is not null)
            json.WritePropertyName(name);
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case int number: json.WriteNumberValue(number); break;
            case double number: json.WriteRawValue(DoubleText(number)); break;
            default: json.WriteStringValue((string)value); break;
        }
    }

    /// <summary>A double shows its type: 5 is written as 5.0.</summary>
    private static string DoubleText(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().ContainsAny('.', 'E') ? text : text + ".0";
    }
}
