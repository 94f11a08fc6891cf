using System.Text.Json;
using System.Text.RegularExpressions;

namespace RewardKit.Hosting.Runs;

/// <summary>A run's settings for people: one name and one value each.</summary>
public static partial class RunSettings
{
    /// <summary>
    /// The parts of a run's key taken apart: records by their properties, methods into id, content and options. Hashes are
    /// shortened. What was left at nothing is left out.
    /// </summary>
    /// <param name="row">The run.</param>
    /// <returns>Names and values, by name.</returns>
    public static SortedDictionary<string, string> Of(RunRow row) => Of(row.Parts);

    /// <summary>The same of the parts of any key.</summary>
    /// <param name="parts">The parts.</param>
    /// <returns>Names and values, by name.</returns>
    public static SortedDictionary<string, string> Of(IReadOnlyDictionary<string, string> parts)
    {
        var settings = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in parts)
        {
            if (Method().Match(value) is { Success: true } method)
            {
                settings[name] = method.Groups["id"].Value;
                settings[$"{name} (content)"] = Short(method.Groups["hash"].Value);
                Flatten(name, method.Groups["options"].Value);
            }
            else if (Record().Match(value) is { Success: true } record)
            {
                if (record.Groups["content"] is { Success: true } content) settings[$"{name} (content)"] = Short(content.Value);
                Flatten(name, record.Groups["properties"].Value);
            }
            else settings[name] = Short(value);
        }
        return settings;

        void Flatten(string name, string text)
        {
            using var document = JsonDocument.Parse(text);
            Add(name, document.RootElement);
        }

        void Add(string name, JsonElement value)
        {
            if (value.ValueKind == JsonValueKind.Object)
                foreach (var property in value.EnumerateObject()) Add($"{name}.{JsonNamingPolicy.CamelCase.ConvertName(property.Name)}", property.Value);
            else if (value.ValueKind != JsonValueKind.Null) settings[name] = value.ToString();
        }
    }

    private static string Short(string text) => Hash().Replace(text, hash => hash.Value[..12]);

    [GeneratedRegex("^(?<id>.+) (?<hash>[0-9a-f]{16,}) (?<options>\\{.*\\})$", RegexOptions.Singleline)]
    private static partial Regex Method();

    [GeneratedRegex("^(?<properties>\\{.*\\})( (?<content>[0-9a-f ]+))?$", RegexOptions.Singleline)]
    private static partial Regex Record();

    [GeneratedRegex("\\b[0-9a-f]{64}\\b")]
    private static partial Regex Hash();
}
