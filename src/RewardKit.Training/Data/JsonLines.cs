using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Unicode;

namespace RewardKit.Training.Data;

/// <summary>
/// Reads JSON Lines, plain or gzip (told by the first two bytes, not by the name), a record at a time. Whatever is wrong
/// with the file ends in a <see cref="RewardKitException"/> that names file, line and reason.
/// </summary>
internal static class JsonLines
{
    private const string CutOff =
        "the gzip data are cut off here, or were joined from several files; fetch the file again, or unpack it with gunzip";

    /// <summary>Streams the records of a file; blank lines count as lines but give no record.</summary>
    public static IEnumerable<DataRecord> Read(string path)
    {
        long number = 0;
        foreach (var line in Lines(path))
        {
            number++;
            if (line.Span.Trim(" \t\r"u8).IsEmpty) continue;
            using var document = Parse(line, path, number);
            yield return new(path, number, document.RootElement);
        }
    }

    /// <summary>Streams the lines of a file, plain or gzip, each valid until the next one is read.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Lines(string path)
    {
        var (stream, length) = Open(path);
        using var opened = stream;
        foreach (var line in Lines(stream, path, length)) yield return line;
    }

    /// <summary>What the JSON reader found wrong with a line.</summary>
    public static RewardKitException NotJson(string path, long line, JsonException e) =>
        DataError.AtByte(path, line, e.BytePositionInLine ?? 0, $"not valid JSON: {e.Message.Split(" LineNumber:")[0].TrimEnd('.')}", e);

    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a truth value",
    };

    public static void CheckUtf8(ReadOnlySpan<byte> line, string path, long number)
    {
        if (!Utf8.IsValid(line)) throw DataError.Unreadable(path, number, "the text is not valid UTF-8");
    }

    // The stream, and for gzip the unpacked length (modulo 2^32) that the file's last four bytes state.
    private static (Stream Stream, uint? Length) Open(string path)
    {
        if (Directory.Exists(path))
            throw RewardKitException.Input($"{path} is a folder; name one .jsonl or .jsonl.gz file in it{NearNames.In(path, "")}.");
        if (!File.Exists(path))
            throw RewardKitException.Input($"No data file at {path}{NearNames.In(Path.GetDirectoryName(path)!, Path.GetFileName(path))}.");
        try
        {
            var file = File.OpenRead(path);
            var gzip = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
            file.Position = 0;
            if (!gzip) return (file, null);
            var (head, tail, length) = (10, 8, new byte[4]);
            if (file.Length < head + tail) throw DataError.Unreadable(path, 1, CutOff);
            RandomAccess.Read(file.SafeFileHandle, length, file.Length - length.Length);
            return (new GZipStream(file, CompressionMode.Decompress), BinaryPrimitives.ReadUInt32LittleEndian(length));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw RewardKitException.Input($"Cannot read {path}: {e.Message}", e);
        }
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> line, string path, long number)
    {
        CheckUtf8(line.Span, path, number);
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(line);
        }
        catch (JsonException e)
        {
            // The exception's own line counts from the start of this record; only its column means something here.
            throw NotJson(path, number, e);
        }
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            using (document)
                throw DataError.Of(path, number, $"expected a JSON object, found {Kind(document.RootElement)}");
        }
        return document;
    }

    // Bytes instead of a StreamReader: a decoding error must belong to a line, and a reader decodes blocks.
    private static IEnumerable<ReadOnlyMemory<byte>> Lines(Stream stream, string path, uint? length)
    {
        var buffer = new byte[1 << 16];
        int start = 0, end = 0;
        uint total = 0;
        long number = 1;
        while (true)
        {
            var line = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (line >= 0)
            {
                yield return WithoutMark(buffer.AsMemory(start, line), number++);
                start += line + 1;
                continue;
            }
            if (start == 0 && end == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (start, end) = (0, end - start);
            var read = ReadBlock(stream, buffer.AsSpan(end), path, number);
            if (read == 0) break;
            end += read;
            total = unchecked(total + (uint)read);
        }
        // GZipStream takes the end of a file that was cut off for the end of its data, so the length has to tell.
        if (length is not null && length != total) throw DataError.Unreadable(path, number, CutOff);
        if (end > 0) yield return WithoutMark(buffer.AsMemory(0, end), number);

        static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> line, long number) =>
            number == 1 && line.Span.StartsWith("\uFEFF"u8) ? line[3..] : line;
    }

    private static int ReadBlock(Stream stream, Span<byte> buffer, string path, long line)
    {
        try
        {
            return stream.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw DataError.Unreadable(path, line, $"the gzip data are damaged ({e.Message.TrimEnd('.')})", e);
        }
        catch (IOException e)
        {
            throw DataError.Unreadable(path, line, $"cannot be read ({e.Message.TrimEnd('.')})", e);
        }
    }
}
