using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Safetensors;

/// <summary>
/// What reader and writer share of the format: eight bytes with the header's length, a JSON header of
/// <c>{"name": {"dtype", "shape", "data_offsets"}}</c>, then the tensors' bytes, little-endian and row by row
/// (github.com/huggingface/safetensors).
/// </summary>
internal static class SafetensorsFormat
{
    // The reference implementation's limit.
    public const long MaxHeader = 100_000_000;

    private const long ChunkElements = 1 << 26;

    private static readonly (string Name, ScalarType Type, int Size)[] Types =
    [
        ("F64", ScalarType.Float64, 8), ("I64", ScalarType.Int64, 8), ("F32", ScalarType.Float32, 4), ("I32", ScalarType.Int32, 4),
        ("F16", ScalarType.Float16, 2), ("BF16", ScalarType.BFloat16, 2), ("I16", ScalarType.Int16, 2),
        ("I8", ScalarType.Int8, 1), ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    public static string KnownTypes => string.Join(", ", Types.Select(t => t.Name));

    public static (ScalarType Type, int Size)? FromName(string name)
    {
        foreach (var type in Types) if (type.Name == name) return (type.Type, type.Size);
        return null;
    }

    public static (string Name, int Size) FromType(ScalarType scalar)
    {
        foreach (var type in Types) if (type.Type == scalar) return (type.Name, type.Size);
        throw new NotSupportedException($"safetensors has no form for {scalar} here (known: {KnownTypes}).");
    }

    /// <summary>A tensor's bytes in order, in pieces that a span can hold.</summary>
    /// <param name="tensor">Contiguous, on the CPU.</param>
    /// <param name="piece">Told the offset of each piece in bytes; the span is the tensor's own memory.</param>
    public static void ForEachPiece(Tensor tensor, Action<long, Tensor> piece)
    {
        using var flat = tensor.detach().view(-1);
        for (long start = 0; start < flat.NumberOfElements; start += ChunkElements)
        {
            using var part = flat.narrow(0, start, Math.Min(ChunkElements, flat.NumberOfElements - start));
            piece(start * tensor.ElementSize, part);
        }
    }

    /// <summary>Whether elements of this type are floating-point numbers.</summary>
    public static bool IsFloating(ScalarType type) => type is ScalarType.Float32 or ScalarType.BFloat16 or ScalarType.Float16 or ScalarType.Float64;

    public static string ShapeText(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
