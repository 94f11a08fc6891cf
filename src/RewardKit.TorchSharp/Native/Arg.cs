using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace TorchSharp;

/// <summary>What an <see cref="Arg"/> holds; the shim has the same list.</summary>
internal enum ArgTag
{
    None = 0,
    Tensor = 1,
    Int = 2,
    Double = 3,
    Bool = 4,
    TensorList = 5,
    IntList = 6,
    DoubleList = 7,
    BoolList = 8,
    String = 9,
    Device = 10,
    Generator = 11,
    OptionalTensorList = 12,
    ScalarList = 13,
    Default = 14,
}

/// <summary>One boxed argument or result of an operator: 16 bytes, on the stack.</summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal unsafe struct Arg
{
    [FieldOffset(0)] public ArgTag Tag;
    [FieldOffset(4)] public int Count;
    [FieldOffset(8)] public long Integer;
    [FieldOffset(8)] public double Number;
    [FieldOffset(8)] public nint Pointer;

    public static Arg None => default;

    public static Arg Default => new() { Tag = ArgTag.Default };

    /// <summary>A tensor, as the argument <paramref name="name"/> of the operator <paramref name="op"/>.</summary>
    public static Arg Of(torch.Tensor tensor, string name, string op)
    {
        if (tensor is null) throw OperatorError.Missing(op, name);
        var handle = tensor.HandleOrNone;
        if (handle == 0) throw OperatorError.Disposed(op, name);
        return new() { Tag = ArgTag.Tensor, Pointer = handle };
    }

    public static Arg Of(torch.Tensor tensor) => new() { Tag = ArgTag.Tensor, Pointer = tensor.Handle };

    public static Arg Of(long value) => new() { Tag = ArgTag.Int, Integer = value };

    public static Arg Of(double value) => new() { Tag = ArgTag.Double, Number = value };

    public static Arg Of(bool value) => new() { Tag = ArgTag.Bool, Integer = value ? 1 : 0 };

    public static Arg Of(ScalarValue value) => value.ToArg();

    public static Arg Of(torch.ScalarType type) => new() { Tag = ArgTag.Int, Integer = (sbyte)type };

    public static Arg Of(torch.Device device) =>
        new() { Tag = ArgTag.Device, Integer = (int)device.type, Count = device.index };

    public static Arg Of(torch.Generator generator) => new() { Tag = ArgTag.Generator, Pointer = generator.Handle };

    public static Arg List(ArgTag tag, void* items, int count) => new() { Tag = tag, Pointer = (nint)items, Count = count };

    /// <summary>A span left out (<c>default</c>), as opposed to an empty one.</summary>
    public static bool IsAbsent<T>(ReadOnlySpan<T> span) => Unsafe.IsNullRef(ref MemoryMarshal.GetReference(span));

    public static byte[]? Utf8(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    /// <summary>The handles of a list; one of optional items may have none.</summary>
    public static void Handles(ReadOnlySpan<torch.Tensor?> tensors, Span<nint> handles, string name, string op, bool optional)
    {
        for (var k = 0; k < tensors.Length; k++)
        {
            if (tensors[k] is { } tensor)
            {
                handles[k] = tensor.HandleOrNone;
                if (handles[k] == 0) throw OperatorError.Disposed(op, $"{name}[{k}]");
            }
            else
            {
                handles[k] = optional ? 0 : throw OperatorError.Missing(op, $"{name}[{k}]");
            }
        }
    }

    public torch.Tensor TakeTensor() => torch.Tensor.Wrap(Pointer)!;

    public torch.Tensor[] TakeTensors()
    {
        try
        {
            return torch.Tensor.TakeAll(new Span<nint>((void*)Pointer, Count))!;
        }
        finally
        {
            Native.rk_memory_free(Pointer);
        }
    }

    public readonly ScalarValue TakeScalar() => Tag switch
    {
        ArgTag.Double => Number,
        ArgTag.Bool => Integer != 0,
        _ => Integer,
    };

    public readonly torch.ScalarType TakeScalarType() => (torch.ScalarType)Integer;
}
