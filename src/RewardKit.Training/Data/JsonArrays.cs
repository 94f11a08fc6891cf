using System.Text.Json;

namespace RewardKit.Training.Data;

/// <summary>Reads a file that is one JSON array of objects, plain or gzip. Its bytes are in memory while it is read.</summary>
internal static class JsonArrays
{
    public static IEnumerable<DataRecord> Read(string path)
    {
        var text = Whole(path);
        var (state, offset, counted, line) = (new JsonReaderState(), 0, 0, 1L);
        for (var number = 1L; Next(text, path, ref state, ref offset, out var start) is { } document; number++)
        {
            using (document)
            {
                line += text.AsSpan(counted, start - counted).Count((byte)'\n');
                counted = start;
                if (document.RootElement.ValueKind != JsonValueKind.Object)
                    throw new DataRecord(path, number, default, line).Malformed($"expected a JSON object, found {JsonLines.Kind(document.RootElement)}");
                yield return new(path, number, document.RootElement, line);
            }
        }
    }

    private static byte[] Whole(string path)
    {
        using var text = new MemoryStream();
        var number = 0L;
        foreach (var line in JsonLines.Lines(path))
        {
            JsonLines.CheckUtf8(line.Span, path, ++number);
            if (text.Length + line.Length >= Array.MaxLength)
                throw RewardKitException.Input($"{path} is a JSON array of more than 2 GB; write it as JSON Lines, one object a line, which are read one by one.");
            text.Write(line.Span);
            text.WriteByte((byte)'\n');
        }
        return text.ToArray();
    }

    // The array's next element, or null behind its last one.
    private static JsonDocument? Next(byte[] text, string path, ref JsonReaderState state, ref int offset, out int start)
    {
        try
        {
            var reader = new Utf8JsonReader(text.AsSpan(offset), isFinalBlock: true, state);
            reader.Read();
            if (reader is { TokenType: JsonTokenType.StartArray, CurrentDepth: 0 }) reader.Read();
            start = offset + (int)reader.TokenStartIndex;
            if (reader is { TokenType: JsonTokenType.EndArray, CurrentDepth: 0 })
            {
                reader.Read(); // throws if something follows
                return null;
            }
            var document = JsonDocument.ParseValue(ref reader);
            (state, offset) = (reader.CurrentState, offset + (int)reader.BytesConsumed);
            return document;
        }
        catch (JsonException e)
        {
            throw JsonLines.NotJson(path, (e.LineNumber ?? 0) + 1, e);
        }
    }
}
