using System.IO.Compression;
using System.Text.Json;

namespace RewardKit.Plugins.Benchmarks;

/// <summary>A record of a benchmark's file: a JSON array of objects, or JSON Lines, plain or gzip. What is wrong is told with file and record.</summary>
/// <param name="Path">The file.</param>
/// <param name="Number">The record's place in it, from 1.</param>
/// <param name="Json">Its fields.</param>
internal sealed record BenchmarkRecord(string Path, int Number, JsonElement Json)
{
    /// <summary>Reads all records of a file.</summary>
    /// <exception cref="RewardKitException">It is no JSON, or has no record.</exception>
    public static IReadOnlyList<BenchmarkRecord> Read(string path)
    {
        var text = ReadText(path);
        var records = text.AsSpan().TrimStart() is ['[', ..]
            ? Parse(path, text, 0).EnumerateArray().Select((json, i) => new BenchmarkRecord(path, i + 1, json)).ToArray()
            : text.Split('\n').Index().Where(line => !string.IsNullOrWhiteSpace(line.Item))
                .Select((line, i) => new BenchmarkRecord(path, i + 1, Parse(path, line.Item, line.Index))).ToArray();
        if (records.Length == 0) throw RewardKitException.Input($"{path} has no record; a JSON array of objects or JSON Lines was expected.");
        foreach (var record in records)
            if (record.Json.ValueKind != JsonValueKind.Object) throw record.Wrong($"is {record.Json.ValueKind}, but must be an object with named fields");
        return records;
    }

    /// <summary>Whether a field is there and not null.</summary>
    public bool Has(string field) => Json.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A field that must be there.</summary>
    public JsonElement Field(string field) => Has(field) ? Json.GetProperty(field)
        : throw Wrong($"has no field \"{field}\"; it has {string.Join(", ", Json.EnumerateObject().Select(p => p.Name))}");

    /// <summary>A text that says something.</summary>
    public string Text(string field) => Text(Field(field), $"\"{field}\"");

    /// <summary>A number or a text, as text.</summary>
    public string Id(string field) => Field(field) is { ValueKind: JsonValueKind.Number } number ? number.GetRawText() : Text(field);

    /// <summary>A text that may say nothing; a number or a truth value as the file has it.</summary>
    public string Raw(string field) => Field(field) is { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } value
        ? value.GetRawText() : AnyText(Field(field), $"\"{field}\"");

    /// <summary>Texts, each of which says something.</summary>
    /// <param name="field">The field.</param>
    /// <param name="count">How many there must be; null for one or more.</param>
    public IReadOnlyList<string> Texts(string field, int? count = null)
    {
        var list = Field(field);
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is var found && (count is { } wanted ? found != wanted : found == 0))
        {
            var seen = list.ValueKind == JsonValueKind.Array ? $"{list.GetArrayLength()} entries" : $"a {list.ValueKind}";
            throw Wrong($"the field \"{field}\" has {seen}, but must be a list of {(count is { } n ? $"{n}" : "one or more")} texts");
        }
        return [.. list.EnumerateArray().Select((entry, i) => Text(entry, $"entry {i + 1} of \"{field}\""))];
    }

    /// <summary>Refuses two records with one id.</summary>
    /// <param name="records">The records.</param>
    /// <param name="id">A record's id.</param>
    public static void RefuseTwins(IEnumerable<BenchmarkRecord> records, Func<BenchmarkRecord, string> id)
    {
        var seen = new Dictionary<string, BenchmarkRecord>();
        foreach (var record in records)
            if (!seen.TryAdd(id(record), record))
                throw record.Wrong($"has the id \"{id(record)}\" of record {seen[id(record)].Number} in {seen[id(record)].Path}; each id may be there once");
    }

    /// <summary>The refusal of this record.</summary>
    /// <param name="what">What is wrong, without subject or full stop.</param>
    public RewardKitException Wrong(string what) => RewardKitException.Input($"{Path}, record {Number}: {what}.");

    private static string ReadText(string path)
    {
        if (!path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) return File.ReadAllText(path);
        try
        {
            using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
            return reader.ReadToEnd();
        }
        catch (InvalidDataException e)
        {
            throw RewardKitException.Input($"{path} is no gzip file, or a damaged one: {e.Message}", e);
        }
    }

    private string Text(JsonElement value, string name) => AnyText(value, name) is var text && !string.IsNullOrWhiteSpace(text) ? text : throw Wrong($"{name} is empty");

    private string AnyText(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.String) throw Wrong($"{name} is a {value.ValueKind}, but must be a text");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Wrong($"{name} has half of a surrogate pair and is no text");
        }
    }

    private static JsonElement Parse(string path, string text, int linesBefore)
    {
        try
        {
            return JsonDocument.Parse(text).RootElement;
        }
        catch (JsonException e)
        {
            throw RewardKitException.Input(
                $"{path}, line {linesBefore + e.LineNumber + 1}: no JSON; a JSON array of objects or JSON Lines was expected. {e.Message.Split(" LineNumber:")[0]}", e);
        }
    }
}
