using System.Globalization;
using static TorchSharp.torch;

namespace TorchSharp;

/// <summary>Tensors in files and as text, and their single elements.</summary>
public static class TensorExtensionMethods
{
    /// <summary>Makes a parameter of a tensor, which is as if disposed afterwards.</summary>
    public static Modules.Parameter AsParameter(this Tensor tensor) => new(tensor);

    /// <summary>Writes type, shape and elements in TorchSharp's format.</summary>
    public static void Save(this Tensor tensor, BinaryWriter writer) => TensorFile.Write(writer, tensor);

    /// <summary>Writes type, shape and elements in TorchSharp's format, and closes the stream.</summary>
    public static void Save(this Tensor tensor, Stream stream)
    {
        using var writer = new BinaryWriter(stream);
        tensor.Save(writer);
    }

    /// <summary>Writes type, shape and elements to a file in TorchSharp's format.</summary>
    public static void Save(this Tensor tensor, string location) => tensor.Save(File.Create(location));

    /// <summary>Reads a tensor in TorchSharp's format into this one, which must have its type and shape.</summary>
    /// <param name="tensor">What to fill.</param>
    /// <param name="reader">Where it is read from.</param>
    /// <param name="skip">Whether to pass over the elements without reading them.</param>
    /// <exception cref="ArgumentException">Type or shape differ.</exception>
    public static void Load(this Tensor tensor, BinaryReader reader, bool skip = false)
    {
        var (type, shape) = TensorFile.ReadHeader(reader);
        if (type != tensor.dtype)
            throw new ArgumentException($"The file has a tensor of {type}, but the target's elements are {tensor.dtype}; convert the target first");
        Fill(tensor, reader, type, shape, skip);
    }

    /// <summary>Reads a tensor in TorchSharp's format; one of zeros where <paramref name="skip"/> says to pass over the elements.</summary>
    public static Tensor Load(BinaryReader reader, bool skip = false)
    {
        Tensor? tensor = null;
        Load(ref tensor, reader, skip);
        return tensor!;
    }

    /// <summary>Reads a tensor in TorchSharp's format into this one, or into a new one where it is null.</summary>
    public static void Load(ref Tensor? tensor, BinaryReader reader, bool skip = false)
    {
        if (tensor is not null)
        {
            tensor.Load(reader, skip);
            return;
        }
        var (type, shape) = TensorFile.ReadHeader(reader);
        var made = skip ? zeros(shape, type) : empty(shape, type);
        try
        {
            Fill(made, reader, type, shape, skip);
        }
        catch
        {
            made.Dispose();
            throw;
        }
        tensor = made;
    }

    /// <summary>The tensor as text; see <see cref="Tensor.ToString(TensorStringStyle, string, int?, CultureInfo, string)"/>.</summary>
    public static string str(this Tensor tensor, string? fltFormat = null, int? width = null, string? newLine = null, CultureInfo? cultureInfo = null, TensorStringStyle style = TensorStringStyle.Default) =>
        tensor.ToString(style == TensorStringStyle.Default ? TensorStringStyle.Julia : style, fltFormat, width, cultureInfo, newLine);

    /// <summary>Shape, type, device and values.</summary>
    public static string jlstr(this Tensor tensor, string? fltFormat = null, int? width = null, string? newLine = null, CultureInfo? cultureInfo = null) =>
        tensor.ToString(TensorStringStyle.Julia, fltFormat, width, cultureInfo, newLine);

    /// <summary>Shape, type and device.</summary>
    public static string metastr(this Tensor tensor) => tensor.ToString(TensorStringStyle.Metadata);

    /// <summary>The values in nested brackets.</summary>
    public static string npstr(this Tensor tensor, string? fltFormat = "g5", int? width = 100, string? newLine = null, CultureInfo? cultureInfo = null) =>
        tensor.ToString(TensorStringStyle.Numpy, fltFormat, width, cultureInfo, newLine);

    /// <summary>Shape and type, then the values in nested braces.</summary>
    public static string cstr(this Tensor tensor, string? fltFormat = "g5", int? width = 100, string? newLine = null, CultureInfo? cultureInfo = null) =>
        tensor.ToString(TensorStringStyle.CSharp, fltFormat, width, cultureInfo, newLine);

    /// <summary>Writes the tensor to the console, and returns it.</summary>
    public static Tensor print(this Tensor t, string? fltFormat = "g5", int? width = 100, string? newLine = null, CultureInfo? cultureInfo = null, TensorStringStyle style = TensorStringStyle.Default)
    {
        Console.WriteLine(t.str(fltFormat, width, newLine, cultureInfo, style));
        return t;
    }

    /// <summary>The lengths of the dimensions as 32-bit integers.</summary>
    public static ReadOnlySpan<int> IntShape(this Tensor tensor) => Array.ConvertAll(tensor.shape, length => checked((int)length));

    /// <summary>The product of the lengths of the dimensions.</summary>
    public static long TotalSize(this IEnumerable<long> shape) => shape.Aggregate(1L, (product, length) => product * length);

    /// <summary>Bytes per element.</summary>
    public static int ElementSize(this ScalarType type) => type switch
    {
        ScalarType.QInt8 or ScalarType.QUInt8 => 1,
        ScalarType.QInt32 => 4,
        ScalarType.ComplexFloat64 => 16,
        _ => SizeOf(type),
    };

    /// <summary>The one element, converted.</summary>
    public static Half ToHalf(this Tensor value) => (Half)value.SingleElement().ToDouble();

    /// <summary>The one element, converted.</summary>
    public static BFloat16 ToBFloat16(this Tensor value) => (BFloat16)value.SingleElement().ToDouble();

    /// <summary>The one element, converted.</summary>
    public static float ToSingle(this Tensor value) => (float)value;

    /// <summary>The one element, converted.</summary>
    public static double ToDouble(this Tensor value) => (double)value;

    /// <summary>The one element, converted.</summary>
    public static sbyte ToSByte(this Tensor value) => (sbyte)value;

    /// <summary>The one element, converted.</summary>
    public static byte ToByte(this Tensor value) => (byte)value;

    /// <summary>The one element, converted.</summary>
    public static short ToInt16(this Tensor value) => (short)value;

    /// <summary>The one element, converted.</summary>
    public static int ToInt32(this Tensor value) => (int)value;

    /// <summary>The one element, converted.</summary>
    public static long ToInt64(this Tensor value) => (long)value;

    /// <summary>The one element, converted.</summary>
    public static bool ToBoolean(this Tensor value) => (bool)value;

    private static void Fill(Tensor tensor, BinaryReader reader, ScalarType type, long[] shape, bool skip)
    {
        if (skip)
        {
            TensorFile.SkipElements(reader, type, shape);
            return;
        }
        if (!shape.SequenceEqual(tensor.shape))
        {
            throw new ArgumentException(
                $"The file has a tensor of shape [{string.Join(", ", shape)}], but the target's is [{string.Join(", ", tensor.shape)}]");
        }
        TensorFile.ReadElements(reader, tensor);
    }
}
