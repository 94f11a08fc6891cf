namespace TorchSharp;

/// <summary>A number as operators take it. Costs nothing, unlike the public <see cref="Scalar"/>, which is an object.</summary>
internal readonly struct ScalarValue
{
    private readonly Arg _arg;

    private ScalarValue(Arg arg, torch.ScalarType type)
    {
        _arg = arg;
        Type = type;
    }

    public torch.ScalarType Type { get; }

    public bool IsFloating => _arg.Tag == ArgTag.Double;

    public Arg ToArg() => _arg;

    public double ToDouble() => _arg.Tag == ArgTag.Double ? _arg.Number : _arg.Integer;

    public long ToLong() => _arg.Tag == ArgTag.Double ? (long)_arg.Number : _arg.Integer;

    public static ScalarValue Of(double value, torch.ScalarType type) => new(Arg.Of(value), type);

    public static ScalarValue Of(long value, torch.ScalarType type) => new(Arg.Of(value), type);

    public static implicit operator ScalarValue(long value) => new(Arg.Of(value), torch.ScalarType.Int64);

    public static implicit operator ScalarValue(double value) => new(Arg.Of(value), torch.ScalarType.Float64);

    public static implicit operator ScalarValue(bool value) => new(Arg.Of(value), torch.ScalarType.Bool);

    public static implicit operator ScalarValue(Scalar value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.Value;
    }
}
