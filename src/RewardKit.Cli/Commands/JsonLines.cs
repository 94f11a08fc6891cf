using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using RewardKit.Training.Data;

namespace RewardKit.Cli.Commands;

/// <summary>Reads JSON Lines and writes a line for each.</summary>
internal static partial class JsonLines
{
    /// <summary>Does something with every line of standard input; empty ones are passed over.</summary>
    /// <param name="input">Where lines come from.</param>
    /// <param name="output">Where lines go; what was written before a bad line stays.</param>
    /// <param name="each">Writes one value for a line's value. What it throws is told with the line's number.</param>
    /// <param name="cancellation">Ends the work between two lines.</param>
    public static void Map(Stream input, Stream output, Action<JsonElement, Utf8JsonWriter> each, CancellationToken cancellation)
    {
        var options = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using var buffered = new BufferedStream(output);
        using var json = new Utf8JsonWriter(buffered, options);
        var number = 0;
        // Whoever writes line by line sees what came of a line before writing the next.
        foreach (var line in Lines(input, cancellation, buffered.Flush))
        {
            number++;
            cancellation.ThrowIfCancellationRequested();
            if (line.AsSpan().Trim(" \t\r"u8).IsEmpty) continue;
            try
            {
                using var document = Parse(line);
                each(document.RootElement, json);
            }
            catch (RewardKitException e)
            {
                throw At(line, number, e);
            }
            json.Flush();
            json.Reset();
            buffered.WriteByte((byte)'\n');
        }
    }

    /// <summary>Reads every line of standard input as they are asked for; empty ones are passed over.</summary>
    /// <param name="input">Where lines come from.</param>
    /// <param name="read">Makes something of a line's value and number. What it throws is told with the number.</param>
    /// <param name="cancellation">Ends the reading, also while it waits for a line.</param>
    public static IEnumerable<T> Read<T>(Stream input, Func<JsonElement, int, T> read, CancellationToken cancellation)
    {
        var number = 0;
        foreach (var line in Lines(input, cancellation))
        {
            number++;
            if (line.AsSpan().Trim(" \t\r"u8).IsEmpty) continue;
            T value;
            try
            {
                using var document = Parse(line);
                value = read(document.RootElement, number);
            }
            catch (RewardKitException e)
            {
                throw At(line, number, e);
            }
            yield return value;
        }
    }

    /// <summary>Writes a line for each value.</summary>
    public static void Write<T>(Stream output, IEnumerable<T> values, Action<T, Utf8JsonWriter> write)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        foreach (var value in values)
        {
            write(value, json);
            json.Flush();
            json.Reset();
            output.WriteByte((byte)'\n');
        }
        output.Flush();
    }

    /// <summary>Turns.</summary>
    public static Message[] Messages(JsonElement list, string name = "messages")
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            throw RewardKitException.Input($"\"{name}\" is no array of turns, {{\"role\": ..., \"content\": ...}}");
        return [.. list.EnumerateArray().Select((turn, i) => new Message(Part(turn, i, "role"), Part(turn, i, "content")))];

        string Part(JsonElement turn, int i, string key) => Property(turn, key, out var part)
            ? Text(part, $"\"{name}\"[{i}].\"{key}\"")
            : throw RewardKitException.Input($"\"{name}\"[{i}] has no \"{key}\"");
    }

    /// <summary>A string.</summary>
    /// <param name="value">The value.</param>
    /// <param name="name">What it is called in a message.</param>
    public static string Text(JsonElement value, string name) => value.ValueKind == JsonValueKind.String
        ? value.GetString()!
        : throw RewardKitException.Input($"{name} is not a string");

    /// <summary>Looks up a property of an object; false where there is none, or no object.</summary>
    public static bool Property(JsonElement element, string name, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value);
    }

    /// <summary>A clause for the end of a message: the key that may be meant by another; nothing where none is near.</summary>
    /// <param name="line">The object.</param>
    /// <param name="expected">The keys that are expected.</param>
    public static string Near(JsonElement line, params string[] expected)
    {
        if (line.ValueKind != JsonValueKind.Object) return "";
        var near = line.EnumerateObject().Select(property => property.Name).Where(name => !expected.Contains(name))
            .Select(name => (Name: name, Meant: NearNames.Nearest(name, expected))).FirstOrDefault(pair => pair.Meant is not null);
        return near.Meant is null ? "" : $"; \"{near.Name}\" may be meant for \"{near.Meant}\"";
    }

    private static JsonDocument Parse(byte[] line)
    {
        if (!Utf8.IsValid(line)) throw RewardKitException.Input("not valid UTF-8");
        try
        {
            // Half a surrogate pair, which JSON can write and UTF-8 cannot, is U+FFFD as everywhere.
            return JsonDocument.Parse(line.AsSpan().IndexOf("\\u"u8) < 0
                ? line
                : Encoding.UTF8.GetBytes(Escapes().Replace(Encoding.UTF8.GetString(line), match => match.Groups["half"].Success ? "\\ufffd" : match.Value)));
        }
        catch (JsonException e)
        {
            throw RewardKitException.Input($"not valid JSON: {e.Message.Split(" LineNumber:")[0].TrimEnd('.')}", e);
        }
    }

    // What is wrong, and below it the line.
    private static RewardKitException At(byte[] line, int number, RewardKitException e)
    {
        var column = e.InnerException is JsonException { BytePositionInLine: { } at } ? Encoding.UTF8.GetCharCount(line.AsSpan(0, (int)Math.Min(at, line.Length))) + 1 : 0;
        var excerpt = Utf8.IsValid(line) ? "\n" + SourceExcerpt.Of(Encoding.UTF8.GetString(line), number, column) : "";
        return RewardKitException.Input($"Standard input, line {number}: {e.Message}.{excerpt}", e);
    }

    private static IEnumerable<byte[]> Lines(Stream input, CancellationToken cancellation, Action? waiting = null)
    {
        var line = new MemoryStream();
        var buffer = new byte[1 << 16];
        // A terminal's line may never come: whoever stops the command does not wait for it.
        while (input.ReadAsync(buffer, CancellationToken.None).AsTask().WaitAsync(cancellation).GetAwaiter().GetResult() is > 0 and var count)
        {
            var done = 0;
            while (buffer.AsSpan(done, count - done).IndexOf((byte)'\n') is >= 0 and var length)
            {
                line.Write(buffer, done, length);
                yield return line.ToArray();
                line.SetLength(0);
                done += length + 1;
            }
            line.Write(buffer, done, count - done);
            waiting?.Invoke();
        }
        if (line.Length > 0) yield return line.ToArray();
    }

    [GeneratedRegex(@"\\\\|\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})", RegexOptions.CultureInvariant)]
    private static partial Regex Escapes();
}
