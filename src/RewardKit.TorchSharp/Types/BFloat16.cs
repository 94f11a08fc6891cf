using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>
/// A 16-bit floating-point number with the range of a single: the upper half of one, 8 bits of exponent and 7 of mantissa.
/// Arithmetic is a single's, rounded to the nearest, ties to even.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public readonly struct BFloat16 : IComparable<BFloat16>, IEquatable<BFloat16>, IComparable, IFormattable
{
    /// <summary>0.</summary>
    public static readonly BFloat16 Zero = FromRawValue(0x0000);

    /// <summary>1.</summary>
    public static readonly BFloat16 One = FromRawValue(0x3F80);

    /// <summary>Not a number.</summary>
    public static readonly BFloat16 NaN = FromRawValue(0x7FC0);

    /// <summary>Infinity.</summary>
    public static readonly BFloat16 PositiveInfinity = FromRawValue(0x7F80);

    /// <summary>Minus infinity.</summary>
    public static readonly BFloat16 NegativeInfinity = FromRawValue(0xFF80);

    /// <summary>The largest finite number, about 3.39e38.</summary>
    public static readonly BFloat16 MaxValue = FromRawValue(0x7F7F);

    /// <summary>The smallest finite number, about -3.39e38.</summary>
    public static readonly BFloat16 MinValue = FromRawValue(0xFF7F);

    /// <summary>The smallest normal number above 0.</summary>
    public static readonly BFloat16 Epsilon = FromRawValue(0x0080);

    /// <summary>The smallest number above 0.</summary>
    public static readonly BFloat16 SmallestSubnormal = FromRawValue(0x0001);

    private readonly ushort _bits;

    private BFloat16(ushort bits) => _bits = bits;

    /// <summary>The nearest to a single.</summary>
    public BFloat16(float f)
    {
        var bits = BitConverter.SingleToUInt32Bits(f);
        // Rounding could carry a not-a-number over into zero; setting the quiet bit keeps it one.
        _bits = float.IsNaN(f) ? (ushort)((bits >> 16) | 0x0040) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The number with these bits.</summary>
    public static BFloat16 FromRawValue(ushort rawValue) => new(rawValue);

    /// <summary>The number as a single, exactly.</summary>
    public float ToSingle() => BitConverter.UInt32BitsToSingle((uint)_bits << 16);

    /// <summary>The number as a single, exactly.</summary>
    public static explicit operator float(BFloat16 bf) => bf.ToSingle();

    /// <summary>The number as a double, exactly.</summary>
    public static explicit operator double(BFloat16 bf) => bf.ToSingle();

    /// <summary>The nearest to a single.</summary>
    public static explicit operator BFloat16(float f) => new(f);

    /// <summary>The nearest to the single that is nearest to a double.</summary>
    public static explicit operator BFloat16(double d) => new((float)d);

    /// <summary>a + b.</summary>
    public static BFloat16 operator +(BFloat16 a, BFloat16 b) => new(a.ToSingle() + b.ToSingle());

    /// <summary>a - b.</summary>
    public static BFloat16 operator -(BFloat16 a, BFloat16 b) => new(a.ToSingle() - b.ToSingle());

    /// <summary>a b.</summary>
    public static BFloat16 operator *(BFloat16 a, BFloat16 b) => new(a.ToSingle() * b.ToSingle());

    /// <summary>a / b.</summary>
    public static BFloat16 operator /(BFloat16 a, BFloat16 b) => new(a.ToSingle() / b.ToSingle());

    /// <summary>The remainder of a / b, with the sign of a.</summary>
    public static BFloat16 operator %(BFloat16 a, BFloat16 b) => new(a.ToSingle() % b.ToSingle());

    /// <summary>-a.</summary>
    public static BFloat16 operator -(BFloat16 a) => new(-a.ToSingle());

    /// <summary>Whether a = b, as numbers: 0 = -0, and not-a-number is unequal to all.</summary>
    public static bool operator ==(BFloat16 a, BFloat16 b) => a.ToSingle() == b.ToSingle();

    /// <summary>Whether not a = b.</summary>
    public static bool operator !=(BFloat16 a, BFloat16 b) => a.ToSingle() != b.ToSingle();

    /// <summary>Whether a &lt; b.</summary>
    public static bool operator <(BFloat16 a, BFloat16 b) => a.ToSingle() < b.ToSingle();

    /// <summary>Whether a &gt; b.</summary>
    public static bool operator >(BFloat16 a, BFloat16 b) => a.ToSingle() > b.ToSingle();

    /// <summary>Whether a ≤ b.</summary>
    public static bool operator <=(BFloat16 a, BFloat16 b) => a.ToSingle() <= b.ToSingle();

    /// <summary>Whether a ≥ b.</summary>
    public static bool operator >=(BFloat16 a, BFloat16 b) => a.ToSingle() >= b.ToSingle();

    /// <summary>Whether the bits are the same.</summary>
    public bool Equals(BFloat16 other) => _bits == other._bits;

    /// <summary>Whether it is the same number, with the same bits.</summary>
    public override bool Equals(object? obj) => obj is BFloat16 other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _bits.GetHashCode();

    /// <summary>Below, at or above 0 as this is less than, equal to or greater than the other.</summary>
    public int CompareTo(BFloat16 other) => ToSingle().CompareTo(other.ToSingle());

    /// <inheritdoc cref="CompareTo(BFloat16)"/>
    public int CompareTo(object? obj) => obj switch
    {
        null => 1,
        BFloat16 other => CompareTo(other),
        _ => throw new ArgumentException($"A BFloat16 cannot be compared with a {obj.GetType().Name}", nameof(obj)),
    };

    /// <summary>The number as a single writes itself.</summary>
    public override string ToString() => ToSingle().ToString();

    /// <summary>The number as a single writes itself.</summary>
    public string ToString(string? format, IFormatProvider? formatProvider) => ToSingle().ToString(format, formatProvider);

    /// <summary>Whether it is not a number.</summary>
    public static bool IsNaN(BFloat16 bf) => float.IsNaN(bf.ToSingle());

    /// <summary>Whether it is infinite.</summary>
    public static bool IsInfinity(BFloat16 bf) => float.IsInfinity(bf.ToSingle());

    /// <summary>Whether it is infinity.</summary>
    public static bool IsPositiveInfinity(BFloat16 bf) => float.IsPositiveInfinity(bf.ToSingle());

    /// <summary>Whether it is minus infinity.</summary>
    public static bool IsNegativeInfinity(BFloat16 bf) => float.IsNegativeInfinity(bf.ToSingle());

    /// <summary>Whether it is neither infinite nor not-a-number.</summary>
    public static bool IsFinite(BFloat16 bf) => float.IsFinite(bf.ToSingle());
}
