using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>
/// TorchSharp's format of a tensor in a file: the type, the number of dimensions and the dimensions, each an integer of
/// seven bits a byte, lowest first (LEB128), and then the elements' bytes.
/// </summary>
internal static class TensorFile
{
    public static void WriteCount(BinaryWriter writer, long value) => writer.Write7BitEncodedInt64(value);

    public static long ReadCount(BinaryReader reader)
    {
        var count = reader.Read7BitEncodedInt64();
        return count >= 0 ? count : throw new InvalidDataException($"A count of {count}: this is no file of TorchSharp's format, or it is damaged");
    }

    public static void Write(BinaryWriter writer, Tensor tensor)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var values = tensor.cpu().contiguous();
        WriteCount(writer, (sbyte)values.dtype);
        var shape = values.shape;
        WriteCount(writer, shape.Length);
        foreach (var length in shape) WriteCount(writer, length);
        values.WriteBytesToStream(writer.BaseStream);
    }

    public static (ScalarType Type, long[] Shape) ReadHeader(BinaryReader reader)
    {
        var type = (ScalarType)ReadCount(reader);
        if (Tensor.ElementType(type) is null)
            throw new InvalidDataException($"Elements of type {type}: this is no tensor of TorchSharp's format, or the file is damaged");
        var dims = ReadCount(reader);
        if (dims > 64) throw new InvalidDataException($"A tensor of {dims} dimensions: this is no tensor of TorchSharp's format, or the file is damaged");
        var shape = new long[dims];
        long bytes = SizeOf(type);
        for (var k = 0; k < shape.Length; k++)
        {
            shape[k] = ReadCount(reader);
            bytes = checked(bytes * shape[k]);
        }
        var stream = reader.BaseStream;
        if (stream.CanSeek && bytes > stream.Length - stream.Position)
        {
            throw new EndOfStreamException(
                $"A tensor {type} [{string.Join(", ", shape)}] needs {bytes} bytes, but the file has only {stream.Length - stream.Position} left: it was cut off");
        }
        return (type, shape);
    }

    /// <summary>Reads the elements that follow a header into a tensor of its type and shape.</summary>
    public static void ReadElements(BinaryReader reader, Tensor target)
    {
        using var noGrad = no_grad();
        if (target.device_type == DeviceType.CPU && target.is_contiguous())
        {
            target.ReadBytesFromStream(reader.BaseStream);
            return;
        }
        using var values = empty(target.shape, target.dtype);
        values.ReadBytesFromStream(reader.BaseStream);
        target.copy_(values);
    }

    /// <summary>Passes over the elements that follow a header, in streams that cannot seek, too.</summary>
    public static void SkipElements(BinaryReader reader, ScalarType type, long[] shape)
    {
        var left = shape.Aggregate((long)SizeOf(type), (bytes, length) => bytes * length);
        var buffer = new byte[Math.Min(left, 1 << 16)];
        for (; left > 0; left -= Math.Min(left, buffer.Length))
            reader.BaseStream.ReadExactly(buffer, 0, (int)Math.Min(left, buffer.Length));
    }
}
