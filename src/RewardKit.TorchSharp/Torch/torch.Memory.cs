using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

public static unsafe partial class torch
{
    /// <summary>A vector of <paramref name="count"/> elements with a copy of an array's bytes from <paramref name="offset"/> on.</summary>
    public static Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false)
    {
        var itemSize = Tensor.ElementType(dtype) is null
            ? throw new NotSupportedException($"frombuffer does not offer elements of type {dtype}")
            : SizeOf(dtype);
        var total = (long)Buffer.ByteLength(rawArray);
        if (count < 0) count = (total - offset) / itemSize;
        if (offset < 0 || offset + count * itemSize > total)
            throw new ArgumentException($"{count} elements of {itemSize} bytes from byte {offset} on do not fit into {total} bytes");
        fixed (byte* start = &MemoryMarshal.GetArrayDataReference(rawArray))
            return Made(FromMemory(start + offset, count * itemSize, [count], dtype), requires_grad, null);
    }

    /// <summary>A tensor with a copy of the values, converted and moved where asked for.</summary>
    private static Tensor Make<T>(ReadOnlySpan<T> values, ReadOnlySpan<long> sizes, ScalarType? dtype, Device? device, bool requires_grad, string[]? names)
        where T : unmanaged
    {
        long count = 1;
        foreach (var size in sizes) count *= size;
        if (count != values.Length)
            throw new ArgumentException($"{values.Length} values do not make a tensor of shape [{string.Join(", ", sizes.ToArray())}]");
        fixed (T* start = values)
            return Placed(FromMemory(start, count * sizeof(T), sizes, TypeOf(typeof(T))), dtype, device, requires_grad, names);
    }

    private static Tensor FromArray(Array array, ScalarType? dtype, Device? device, bool requires_grad, string[]? names)
    {
        var sizes = new long[array.Rank];
        for (var k = 0; k < sizes.Length; k++) sizes[k] = array.GetLength(k);
        var type = TypeOf(array.GetType().GetElementType()!);
        fixed (byte* start = &MemoryMarshal.GetArrayDataReference(array))
            return Placed(FromMemory(start, array.LongLength * SizeOf(type), sizes, type), dtype, device, requires_grad, names);
    }

    private static Tensor FromMemory(void* start, long bytes, ReadOnlySpan<long> sizes, ScalarType type)
    {
        fixed (long* sizesPin = sizes)
            return Tensor.WrapOrThrow(Native.rk_tensor_from_memory(start, bytes, sizesPin, sizes.Length, (int)type), "making a tensor from memory");
    }

    private static Tensor Placed(Tensor made, ScalarType? dtype, Device? device, bool requires_grad, string[]? names)
    {
        if ((dtype is null || dtype == made.dtype) && (device is null || device.type == DeviceType.CPU))
            return Made(made, requires_grad, names);
        using (made) return Made(made.to(dtype ?? made.dtype, device ?? CPU), requires_grad, names);
    }

    private static ReadOnlySpan<T> Items<T>(IList<T> values) => values switch
    {
        T[] array => array,
        List<T> list => CollectionsMarshal.AsSpan(list),
        _ => values.ToArray(),
    };

    private static ScalarType TypeOf(Type type)
    {
        if (type == typeof(float)) return ScalarType.Float32;
        if (type == typeof(long)) return ScalarType.Int64;
        if (type == typeof(int)) return ScalarType.Int32;
        if (type == typeof(bool)) return ScalarType.Bool;
        if (type == typeof(double)) return ScalarType.Float64;
        if (type == typeof(byte)) return ScalarType.Byte;
        if (type == typeof(sbyte)) return ScalarType.Int8;
        if (type == typeof(short)) return ScalarType.Int16;
        if (type == typeof(Half)) return ScalarType.Float16;
        if (type == typeof(BFloat16)) return ScalarType.BFloat16;
        throw new NotSupportedException($"A tensor cannot be made of {type.Name} values");
    }

    internal static int SizeOf(ScalarType type) => type switch
    {
        ScalarType.Byte or ScalarType.Int8 or ScalarType.Bool => 1,
        ScalarType.Int16 or ScalarType.Float16 or ScalarType.BFloat16 => 2,
        ScalarType.Int32 or ScalarType.Float32 => 4,
        _ => 8,
    };
}
