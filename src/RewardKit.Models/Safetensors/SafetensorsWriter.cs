using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using static TorchSharp.torch;

namespace RewardKit.Models.Safetensors;

/// <summary>Writes tensors to a <c>.safetensors</c> file.</summary>
public static class SafetensorsWriter
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes tensors, the widest element type first, then by name, so that the same tensors give the same bytes. The file
    /// is written beside and renamed: a reader sees the old one or the whole new one.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Tensors by name; on any device.</param>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors) =>
        Write(path, [.. tensors.Select(t => new WeightToWrite(t.Key, t.Value.shape, t.Value.dtype, () => t.Value.detach()))], null);

    /// <summary>
    /// Writes a model's tensors into a folder: as <c>model.safetensors</c>, or, where they take more than
    /// <paramref name="shardBytes"/>, in the order given as <c>model-00001-of-0000N.safetensors</c> and so on with
    /// <c>model.safetensors.index.json</c>. No file takes more, unless a single tensor does.
    /// </summary>
    /// <param name="folder">An existing folder without weights in it.</param>
    /// <param name="tensors">The tensors, on any device; one is made at a time.</param>
    /// <param name="shardBytes">The most bytes of tensors in a file.</param>
    /// <param name="type">The type of floating-point tensors in the files; null: their own.</param>
    internal static void WriteModel(string folder, IReadOnlyList<WeightToWrite> tensors, long shardBytes, ScalarType? type)
    {
        var shards = new List<List<WeightToWrite>> { new() };
        long total = 0, inShard = 0;
        foreach (var entry in tensors)
        {
            var bytes = Elements(entry) * SafetensorsFormat.FromType(Stored(entry, type)).Size;
            if (shards[^1].Count > 0 && inShard + bytes > shardBytes)
            {
                shards.Add([]);
                inShard = 0;
            }
            shards[^1].Add(entry);
            (inShard, total) = (inShard + bytes, total + bytes);
        }
        if (shards is [var only])
        {
            Write(Path.Combine(folder, "model.safetensors"), only, type);
            return;
        }
        var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (number, shard) in shards.Index())
        {
            var file = $"model-{number + 1:00000}-of-{shards.Count:00000}.safetensors";
            Write(Path.Combine(folder, file), shard, type);
            foreach (var weight in shard) map.Add(weight.Name, file);
        }
        var index = new { metadata = new { total_size = total }, weight_map = map };
        File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), JsonSerializer.Serialize(index, Indented) + "\n");
    }

    private static long Elements(WeightToWrite weight) => weight.Shape.Aggregate(1L, (product, n) => product * n);

    private static ScalarType Stored(WeightToWrite weight, ScalarType? type) =>
        type is { } wanted && SafetensorsFormat.IsFloating(weight.Type) ? wanted : weight.Type;

    /// <summary>Writes tensors as a file; one is made at a time.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">The tensors, on any device.</param>
    /// <param name="type">The type of floating-point tensors in the file; null: their own.</param>
    internal static void Write(string path, IReadOnlyList<WeightToWrite> tensors, ScalarType? type)
    {
        var entries = tensors
            .Select(weight => (Weight: weight, Type: Stored(weight, type), Format: SafetensorsFormat.FromType(Stored(weight, type))))
            .OrderByDescending(entry => entry.Format.Size).ThenBy(entry => entry.Weight.Name, StringComparer.Ordinal).ToList();

        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            var offset = 0L;
            foreach (var (weight, _, format) in entries)
            {
                json.WriteStartObject(weight.Name);
                json.WriteString("dtype", format.Name);
                json.WriteStartArray("shape");
                foreach (var n in weight.Shape) json.WriteNumberValue(n);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += Elements(weight) * format.Size);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        while (header.Length % 8 != 0) header.WriteByte((byte)' ');

        var beside = path + ".tmp";
        using (var file = File.Create(beside))
        {
            Span<byte> prefix = stackalloc byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
            file.Write(prefix);
            header.WriteTo(file);
            foreach (var (weight, stored, _) in entries)
            {
                using var scope = NewDisposeScope();
                using var tensor = weight.Make();
                if (!tensor.shape.SequenceEqual(weight.Shape))
                    throw RewardKitException.Failure(
                        $"{weight.Name} has shape {SafetensorsFormat.ShapeText(tensor.shape)}, and was to be written with {SafetensorsFormat.ShapeText(weight.Shape)}.");
                SafetensorsFormat.ForEachPiece(tensor.cpu().to_type(stored).contiguous(), (_, piece) => file.Write(piece.bytes));
            }
        }
        File.Move(beside, path, overwrite: true);
    }
}
