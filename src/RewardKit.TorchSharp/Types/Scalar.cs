namespace TorchSharp;

/// <summary>A number with an element type, as operators take it. Disposing it does nothing; there is nothing native in it.</summary>
public sealed class Scalar : IDisposable
{
    internal Scalar(ScalarValue value) => Value = value;

    internal ScalarValue Value { get; }

    /// <summary>The type of the number.</summary>
    public torch.ScalarType Type => Value.Type;

    /// <summary>Does nothing.</summary>
    public void Dispose() => GC.SuppressFinalize(this);

    /// <summary>A 32-bit integer.</summary>
    public static implicit operator Scalar(int value) => new(ScalarValue.Of((long)value, torch.ScalarType.Int32));

    /// <summary>An unsigned byte.</summary>
    public static implicit operator Scalar(byte value) => new(ScalarValue.Of((long)value, torch.ScalarType.Byte));

    /// <summary>A 64-bit integer.</summary>
    public static implicit operator Scalar(long value) => new(ScalarValue.Of(value, torch.ScalarType.Int64));

    /// <summary>A bool.</summary>
    public static implicit operator Scalar(bool value) => new(value);

    /// <summary>A signed byte.</summary>
    public static implicit operator Scalar(sbyte value) => new(ScalarValue.Of((long)value, torch.ScalarType.Int8));

    /// <summary>A 16-bit integer.</summary>
    public static implicit operator Scalar(short value) => new(ScalarValue.Of((long)value, torch.ScalarType.Int16));

    /// <summary>A single.</summary>
    public static implicit operator Scalar(float value) => new(ScalarValue.Of((double)value, torch.ScalarType.Float32));

    /// <summary>A bfloat16.</summary>
    public static implicit operator Scalar(BFloat16 value) => new(ScalarValue.Of((double)value, torch.ScalarType.BFloat16));

    /// <summary>A double.</summary>
    public static implicit operator Scalar(double value) => new(ScalarValue.Of(value, torch.ScalarType.Float64));
}
