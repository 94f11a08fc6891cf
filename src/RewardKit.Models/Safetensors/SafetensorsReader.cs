using System.Buffers.Binary;
using System.Runtime.ExceptionServices;
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

    /// <summary>Whether its elements are floating-point numbers.</summary>
    internal bool IsFloating => SafetensorsFormat.IsFloating(Type);

    /// <summary>The bytes of one element.</summary>
    internal int ElementSize => SafetensorsFormat.FromType(Type).Size;

    internal long Elements => Shape.Aggregate(1L, (product, n) => product * n);

    internal SafeFileHandle File { get; }

    internal long Offset { get; }
}

/// <summary>
/// Reads tensors from one <c>.safetensors</c> file or a sharded set of them. Headers are read and checked on opening; a
/// tensor's bytes go from the system's file cache straight into its memory when it is asked for, so that nothing is held
/// twice. What was read is the reader's own: whatever becomes of the file, it stays.
/// </summary>
// Files are not mapped into memory, though that would be ready at once (a gigabyte in 1 ms, the first pass over it 20 ms
// slower, against 0.5 s to 1.5 s here): a model would hang on its file as long as it lives. Where another program writes into
// that file in place, as cp and many a training script do with a checkpoint, the scores of a mapped model change in the
// middle of a run, without a word; where the file is cut off, the system ends the process, without a word, too.
public sealed class SafetensorsReader : IDisposable
{
    private const string SingleFile = "model.safetensors";
    private const string IndexFile = "model.safetensors.index.json";
    private const int MostDimensions = 64;
    private const int FingerprintBytes = 4096;

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
        var entry = Need(name);
        var tensor = empty([.. entry.Shape], entry.Type);
        ReadInto(name, tensor);
        return tensor;
    }

    /// <summary>
    /// Reads a tensor into one that is there already, converting type and device. Nothing is held beside it but pieces of a
    /// few megabytes, and not those where neither changes.
    /// </summary>
    /// <param name="name">The name.</param>
    /// <param name="target">Contiguous, of the same shape.</param>
    internal void ReadInto(string name, Tensor target)
    {
        var entry = Need(name);
        using var values = target.detach();
        using var flat = values.view(-1);
        var direct = target.device_type == DeviceType.CPU && target.dtype == entry.Type;
        // What is converted passes through buffers, one a thread.
        var pieceElements = direct ? 1L << 20 : 1L << 18;
        var pieces = (entry.Elements + pieceElements - 1) / pieceElements;
        if (target.device_type == DeviceType.CPU) AskForHugePages(flat);
        if (pieces == 1) ReadPiece(0);
        else if (pieces > 1) InParallel(pieces, ReadPiece);

        void ReadPiece(long number)
        {
            using var scope = NewDisposeScope();
            var start = number * pieceElements;
            var place = flat.narrow(0, start, Math.Min(entry.Elements - start, pieceElements));
            var stored = direct ? place : empty(place.NumberOfElements, entry.Type);
            Fill(entry, start * entry.ElementSize, stored.bytes);
            if (!direct) place.copy_(stored);
        }
    }

    /// <summary>
    /// Tells weights from other weights without reading all of them: a hash over every tensor's name, type, shape, first and
    /// last bytes. Other files of the same tensors give the same.
    /// </summary>
    internal string Fingerprint()
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        var buffer = new byte[FingerprintBytes];
        foreach (var entry in Entries.OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{entry.Name} {entry.Type} {SafetensorsFormat.ShapeText(entry.Shape)}\n"));
            var bytes = entry.Elements * entry.ElementSize;
            var ends = buffer.AsSpan(0, (int)Math.Min(bytes, FingerprintBytes));
            foreach (var offset in (long[])[0, bytes - ends.Length])
            {
                Fill(entry, offset, ends);
                hash.AppendData(ends);
            }
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private static void AskForHugePages(Tensor flat)
    {
        // A span holds 2 GB at most.
        const long most = 1L << 27;
        for (long at = 0; at < flat.NumberOfElements; at += most)
        {
            using var part = flat.narrow(0, at, Math.Min(most, flat.NumberOfElements - at));
            HugePages.Ask(part.bytes);
        }
    }

    private SafetensorsEntry Need(string name) => Find(name) ?? throw RewardKitException.Input($"{Path}: there is no tensor {name}.");

    // Most of the time goes into the system's handing out of fresh memory, of which several threads get more.
    private static void InParallel(long count, Action<long> work)
    {
        try
        {
            Parallel.For(0, count, work);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private void Fill(SafetensorsEntry entry, long offset, Span<byte> bytes)
    {
        for (var done = 0; done < bytes.Length;)
        {
            var count = RandomAccess.Read(entry.File, bytes[done..], entry.Offset + offset + done);
            if (count == 0) throw RewardKitException.Input($"{Path}: ends inside the tensor {entry.Name}.");
            done += count;
        }
    }

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

    /// <summary>The file of each tensor.</summary>
    private static Dictionary<string, string> ReadIndex(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var files = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var entry in document.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                // The index comes with the model, from strangers: it may name files beside itself, and no others.
                if (entry.Value.GetString() is not { } file || file != System.IO.Path.GetFileName(file) || !file.EndsWith(".safetensors", StringComparison.Ordinal))
                    throw RewardKitException.Input($"{path}: weight_map puts {entry.Name} into {entry.Value.GetRawText()}; expected the name of a .safetensors file in the same folder.");
                if (!files.TryAdd(entry.Name, file)) throw RewardKitException.Input($"{path}: weight_map has {entry.Name} twice.");
            }
            return files;
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
        var dtype = entry.Value.GetProperty("dtype").GetString() ?? "null";
        var (type, size) = SafetensorsFormat.FromName(dtype)
            ?? throw Malformed(path, $"{name} has the element type {dtype}, which is not supported (known: {SafetensorsFormat.KnownTypes})");
        long[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(n => n.GetInt64())];
        var offsets = entry.Value.GetProperty("data_offsets");
        if (offsets.GetArrayLength() != 2) throw Malformed(path, $"{name} has {offsets.GetArrayLength()} data_offsets, expected 2");
        var (begin, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
        if (begin < 0 || end < begin || Bytes(shape, size) != end - begin)
            throw Malformed(path, $"{name} of {dtype} {SafetensorsFormat.ShapeText(shape)} does not take the {end - begin} bytes it is given");
        if (!_entries.TryAdd(name, new(name, type, shape, file, data + begin)))
            throw Malformed(path, $"{name} is there twice");
        return (begin, end, name);
    }

    // Null for shapes that no file can hold: negative, of more dimensions than a tensor has, or past what a long counts.
    private static long? Bytes(long[] shape, int size)
    {
        if (shape.Length > MostDimensions) return null;
        // Zeros are left out at first, so that they hide no absurd length beside them.
        var product = (Int128)size;
        foreach (var n in shape)
        {
            if (n < 0) return null;
            product *= Math.Max(n, 1);
            if (product > long.MaxValue) return null;
        }
        return shape.Contains(0) ? 0 : (long)product;
    }

    private static RewardKitException Malformed(string path, string what, Exception? inner = null) =>
        // Names in a damaged header can be as long as the header.
        RewardKitException.Input($"{path}: not a well-formed safetensors file: {(what.Length > 500 ? what[..500] + "..." : what)}.", inner);
}
