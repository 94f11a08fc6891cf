using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using static TorchSharp.torch;

namespace RewardKit.Models.Safetensors;

/// <summary>Writes tensors to a <c>.safetensors</c> file.</summary>
public static class SafetensorsWriter
{
    /// <summary>
    /// Writes tensors, the widest element type first, then by name, so that the same tensors give the same bytes. The file
    /// is written beside and renamed: a reader sees the old one or the whole new one.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Tensors by name; on any device.</param>
    public static void Write(string path, IEnumerable<KeyValuePair<string, Tensor>> tensors)
    {
        var entries = tensors
            .Select(entry => (Name: entry.Key, Tensor: entry.Value, Format: SafetensorsFormat.FromType(entry.Value.dtype)))
            .OrderByDescending(entry => entry.Format.Size).ThenBy(entry => entry.Name, StringComparer.Ordinal).ToList();

        using var header = new MemoryStream();
        using (var json = new Utf8JsonWriter(header, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            var offset = 0L;
            foreach (var (name, tensor, format) in entries)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", format.Name);
                json.WriteStartArray("shape");
                foreach (var n in tensor.shape) json.WriteNumberValue(n);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.NumberOfElements * format.Size);
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
            foreach (var (_, tensor, _) in entries)
            {
                using var scope = NewDisposeScope();
                SafetensorsFormat.ForEachPiece(tensor.detach().cpu().contiguous(), (_, piece) => file.Write(piece.bytes));
            }
        }
        File.Move(beside, path, overwrite: true);
    }
}
