using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Safetensors;

/// <summary>A tensor in a file.</summary>
public sealed class SafetensorsEntry
{
    internal SafetensorsEntry(string name, ScalarType type, IReadOnlyList<long> shape, SafeFileHandle file, long offset) =>
        (Name, Type, Shape, File, Offset) = (name, type, shape, file, offset);

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its element type.</summary>
    public ScalarType Type { get; }

    /// <summary>Its shape.</summary>
    public IReadOnlyList<long> Shape { get; }

    internal SafeFileHandle File { get; }

    internal long Offset { get; }
}

/// <summary>
/// Reads tensors from one <c>.safetensors</c> file or a sharded set of them. Headers are read and checked on opening;
/// a tensor's bytes are read straight into its memory when it is asked for.
/// </summary>
public sealed class SafetensorsReader : IDisposable
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";

    private readonly Dictionary<string, SafetensorsEntry> _entries = new(StringComparer.Ordinal);
    private readonly List<SafeFileHandle> _files = [];

    private SafetensorsReader(string path) => Path = path;

    /// <summary>The file, or the index of a sharded set.</summary>
    public string Path { get; }

    /// <summary>The tensors in file order.</summary>
    public IEnumerable<SafetensorsEntry> Entries => _entries.Values;

    /// <summary>Opens a file, or the <c>model.safetensors</c> or <c>model.safetensors.index.json</c> of a folder.</summary>
    /// <param name="path">A file or a folder.</param>
    /// <exception cref="RewardKitException">Nothing there, or it is not a well-formed file.</exception>
    public static SafetensorsReader Open(string path)
    {
        if (!Directory.Exists(path)) return OpenAll(path, [path]);
        var single = System.IO.Path.Combine(path, SingleFile);
        if (File.Exists(single)) return OpenAll(single, [single]);
        var index = System.IO.Path.Combine(path, IndexFile);
        if (!File.Exists(index))
            throw RewardKitException.Input(
                $"{path}: no weights here: expected {SingleFile} or {IndexFile}."
                + (Directory.EnumerateFiles(path, "*.bin").Any() ? " Convert its .bin files to safetensors first." : ""));
        var names = ReadIndex(index);
        var reader = OpenAll(index, [.. names.Values.Distinct().Select(name => System.IO.Path.Combine(path, name))]);
        var missing = names.Keys.Where(name => !reader._entries.ContainsKey(name)).ToList();
        if (missing.Count == 0) return reader;
        reader.Dispose();
        throw RewardKitException.Input($"{index}: lists {missing[0]}, which is not in {names[missing[0]]}.");
    }

    /// <summary>The names of the weights files in a folder, the index among them; none where there are no weights.</summary>
    internal static IEnumerable<string> FilesIn(string folder)
    {
        if (File.Exists(System.IO.Path.Combine(folder, SingleFile))) return [SingleFile];
        var index = System.IO.Path.Combine(folder, IndexFile);
        return File.Exists(index) ? [IndexFile, .. ReadIndex(index).Values.Distinct().Order(StringComparer.Ordinal)] : [];
    }

    /// <summary>Looks a tensor up; null if there is none of this name.</summary>
    /// <param name="name">The name.</param>
    public SafetensorsEntry? Find(string name) => _entries.GetValueOrDefault(name);

    /// <summary>Reads a tensor into CPU memory, in the file's element type. The caller owns it.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="RewardKitException">There is no such tensor.</exception>
    public Tensor Read(string name)
    {
        var entry = Find(name) ?? throw RewardKitException.Input($"{Path}: there is no tensor {name}.");
        var tensor = empty([.. entry.Shape], entry.Type);
        SafetensorsFormat.ForEachPiece(tensor, (offset, piece) =>
        {
            var bytes = piece.bytes;
            for (var done = 0; done < bytes.Length;)
            {
                var count = RandomAccess.Read(entry.File, bytes[done..], entry.Offset + offset + done);
                if (count == 0) throw RewardKitException.Input($"{Path}: ends inside the tensor {name}.");
                done += count;
            }
        });
        return tensor;
    }

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private static SafetensorsReader OpenAll(string path, IReadOnlyList<string> files)
    {
        var reader = new SafetensorsReader(path);
        try
        {
            foreach (var file in files) reader.ReadHeader(file);
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.GetProperty("weight_map").EnumerateObject()
                .ToDictionary(entry => entry.Name, entry => entry.Value.GetString()!);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw RewardKitException.Input($"{path}: expected a JSON object with a weight_map of files by tensor: {e.Message}", e);
        }
    }

    private void ReadHeader(string path)
    {
        if (!File.Exists(path)) throw RewardKitException.Input($"{path}: there is no such weights file.");
        var file = File.OpenHandle(path);
        _files.Add(file);
        var size = RandomAccess.GetLength(file);
        Span<byte> prefix = stackalloc byte[8];
        var length = RandomAccess.Read(file, prefix, 0) == 8 ? BinaryPrimitives.ReadInt64LittleEndian(prefix) : -1;
        if (length < 2 || length > size - 8 || length > SafetensorsFormat.MaxHeader)
            throw Malformed(path, $"its first eight bytes give a header of {length} bytes, and the file has {size}");
        var header = new byte[length];
        if (RandomAccess.Read(file, header, 8) != length) throw Malformed(path, "its header is cut off");
        var extents = new List<(long Begin, long End, string Name)>();
        try
        {
            using var document = JsonDocument.Parse(header);
            foreach (var entry in document.RootElement.EnumerateObject())
                if (entry.Name != "__metadata__") extents.Add(Add(path, file, 8 + length, entry));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Malformed(path, $"its header is not as expected: {e.Message}", e);
        }
        // The format allows neither gaps nor overlaps, so that no byte is unaccounted for.
        var at = 0L;
        foreach (var (begin, end, name) in extents.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (begin != at) throw Malformed(path, $"{name} begins at byte {begin} of the data, expected {at}");
            at = end;
        }
        if (at != size - 8 - length) throw Malformed(path, $"its tensors take {at} bytes, and it has {size - 8 - length}");
    }

    private (long Begin, long End, string Name) Add(string path, SafeFileHandle file, long data, JsonProperty entry)
    {
        var name = entry.Name;
        var dtype = entry.Value.GetProperty("dtype").GetString()!;
        var (type, size) = SafetensorsFormat.FromName(dtype)
            ?? throw Malformed(path, $"{name} has the element type {dtype}, which is not supported (known: {SafetensorsFormat.KnownTypes})");
        long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(n => n.GetInt64())];
        var offsets = entry.Value.GetProperty("data_offsets");
        var (begin, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        // In Int128, so that absurd shapes overflow nothing.
        var bytes = shape.Aggregate((Int128)size, (product, n) => product * n);
        if (shape.Any(n => n < 0) || begin < 0 || bytes != (Int128)end - begin)
            throw Malformed(path, $"{name} of {dtype} {SafetensorsFormat.ShapeText(shape)} does not take the {end - begin} bytes it is given");
        if (!_entries.TryAdd(name, new(name, type, shape, file, data + begin)))
            throw Malformed(path, $"{name} is there twice");
        return (begin, end, name);
    }

    private static RewardKitException Malformed(string path, string what, Exception? inner = null) =>
        RewardKitException.Input($"{path}: not a well-formed safetensors file: {what}.", inner);
}
