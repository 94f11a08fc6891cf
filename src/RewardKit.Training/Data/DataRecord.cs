using System.Globalization;
using System.Text.Json;

namespace RewardKit.Training.Data;

/// <summary>One record of a data file. Its element is valid until the next record is read.</summary>
/// <param name="File">The file, absolute.</param>
/// <param name="Number">Its place, from 1: the line, or in a JSON array the element.</param>
/// <param name="Element">The record, a JSON object; of a CSV file one whose values are strings.</param>
/// <param name="Line">The line it begins at where that is not its place.</param>
internal readonly record struct DataRecord(string File, long Number, JsonElement Element, long? Line = null)
{
    /// <summary>The keys, in the record's order.</summary>
    public string[] Keys => [.. Element.EnumerateObject().Select(p => p.Name)];

    /// <summary>Whether there is such a key.</summary>
    public bool Has(string key) => Element.TryGetProperty(key, out _);

    /// <summary>The value under a key.</summary>
    /// <exception cref="RewardKitException">There is no such key.</exception>
    public JsonElement Field(string key) =>
        Element.TryGetProperty(key, out var value) ? value : throw Lacks($"the object has no key \"{key}\"", key);

    /// <summary>The string under a key.</summary>
    /// <exception cref="RewardKitException">The key is missing or its value is no text.</exception>
    public string Text(string key) => Text(Field(key), $"\"{key}\"");

    /// <summary>A string.</summary>
    /// <param name="value">The value.</param>
    /// <param name="where">What a message calls it.</param>
    /// <exception cref="RewardKitException">The value is no text.</exception>
    public string Text(JsonElement value, string where)
    {
        if (value.ValueKind != JsonValueKind.String) throw Malformed($"{where} must be a string, but is {JsonLines.Kind(value)}");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw Malformed($"{where} has half of a surrogate pair, which is no character", e);
        }
    }

    /// <summary>The number under a key, also one written as a string; null where the value is null or empty.</summary>
    /// <exception cref="RewardKitException">The key is missing or its value is no finite number.</exception>
    public double? Real(string key) => Real(Field(key), $"\"{key}\"");

    /// <summary>A number, also one written as a string; null for null and an empty string.</summary>
    /// <param name="value">The value.</param>
    /// <param name="where">What a message calls it.</param>
    /// <exception cref="RewardKitException">The value is no finite number.</exception>
    public double? Real(JsonElement value, string where)
    {
        if (value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.String && value.ValueEquals(""))) return null;
        var text = value.ValueKind == JsonValueKind.String ? Text(value, where) : value.GetRawText();
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw Malformed($"{where} must be a number, but is {(value.ValueKind == JsonValueKind.String ? $"\"{text}\"" : JsonLines.Kind(value))}");
    }

    /// <summary>The truth value under a key, also 0 or 1, or one written as a string; null where null or empty.</summary>
    /// <exception cref="RewardKitException">The key is missing or its value is something else.</exception>
    public bool? Truth(string key) => Field(key).ToString().ToLowerInvariant() switch
    {
        "true" or "1" => true,
        "false" or "0" => false,
        "" => null,
        var other => throw Malformed($"\"{key}\" must be true or false, but is {other}"),
    };

    /// <summary>What is wrong with this record.</summary>
    /// <param name="reason">What is wrong, without a full stop.</param>
    /// <param name="inner">The cause.</param>
    /// <param name="mark">The text that is meant; null where the record is.</param>
    public RewardKitException Malformed(string reason, Exception? inner = null, string? mark = null) => Line is { } line
        ? DataError.Of(File, line, $"record {Number}: {reason}", mark ?? Leading(reason), int.MaxValue, inner)
        : DataError.Of(File, Number, reason, mark ?? Leading(reason), 1, inner);

    /// <summary>A key that this record lacks.</summary>
    /// <param name="reason">What is wrong, without a full stop.</param>
    /// <param name="key">The key.</param>
    public RewardKitException Lacks(string reason, string key) => Lacks(reason, key, Keys);

    /// <summary>A key that an object of this record lacks.</summary>
    /// <param name="reason">What is wrong, without a full stop.</param>
    /// <param name="key">The key.</param>
    /// <param name="keys">The object's keys.</param>
    public RewardKitException Lacks(string reason, string key, string[] keys)
    {
        var nearest = NearNames.Nearest(key, keys);
        reason += NearNames.Of(key, keys);
        // Of a table the header has the keys.
        return CsvRecords.Is(File) ? DataError.Of(File, 1, reason, nearest) : Malformed(reason, null, nearest is null ? null : $"\"{nearest}\"");
    }

    // What begins with a key, as "chosen"[0].content, is about it.
    private static string? Leading(string reason) => reason.StartsWith('"') && reason.IndexOf('"', 1) is var end and > 0 ? reason[..(end + 1)] : null;
}
