using System.Globalization;

namespace RewardKit.Models.Templates;

/// <summary>Texts as numbers and numbers rounded, as Python does it.</summary>
internal static class Numbers
{
    /// <summary>A value as a floating-point number; null if it is none.</summary>
    public static double? Float(RenderState state, object? value)
    {
        if (value is Undefined missing) throw state.Refuse(missing.Why);
        if (value is not string text) return Values.Number(value);
        var plain = Plain(state, text);
        return plain.TrimStart('+', '-').ToLowerInvariant() switch
        {
            "inf" or "infinity" when plain.Length < 10 => plain[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity,
            "nan" => double.NaN,
            _ => double.TryParse(plain, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
                && plain.All(char.IsAscii) && !plain.Contains('∞') ? number : null,
        };
    }

    /// <summary>A value as a whole number, towards zero; null if it is none.</summary>
    public static object? Whole(RenderState state, object? value, int @base)
    {
        if (value is string text)
        {
            if (@base is not (2 or 8 or 10 or 16)) throw state.Refuse($"'int' with base {@base} is not supported (known: 2, 8, 10, 16)");
            if (Digits(Plain(state, text), @base) is { } whole) return whole;
        }
        if (Values.Whole(value) is { } number) return number;
        if (Float(state, value) is not { } real || !double.IsFinite(real)) return null;
        if (Math.Abs(real) >= 9.2e18) throw state.Refuse("the number does not fit into 64 bits");
        return (long)real;
    }

    /// <summary>The filter <c>round</c>: ties go to the even digit, or always up or down where asked.</summary>
    public static object? Round(RenderState state, object? value, Arguments arguments)
    {
        var given = arguments.Bind(state, "round", 0, "precision", "method");
        var (precision, method) = (given.Whole(0, 0), given.Text(1, "common"));
        if (precision is < 0 or > 15) throw state.Refuse($"'round' with precision {precision} is not supported (0 to 15)");
        if (value is Undefined missing) throw state.Refuse(missing.Why);
        var number = Values.Number(value) ?? throw state.Refuse($"a {Values.TypeName(value)} cannot be rounded");
        var scale = Math.Pow(10, precision);
        return method switch
        {
            "common" when Values.Whole(value) is { } whole => (object)whole,
            "common" => Even(number, precision),
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            _ => throw state.Refuse($"'round' by '{method}'; expected 'common', 'ceil' or 'floor'"),
        };
    }

    private static double Even(double number, int precision)
    {
        if (precision == 0) return Math.Round(number, MidpointRounding.ToEven);
        if (!double.IsFinite(number) || Math.Abs(number) >= 1e15) return number;
        // The exact digits, of which a tie has a 5 and nothing after it.
        var digits = number.ToString("F" + (precision + 60), CultureInfo.InvariantCulture);
        var cut = digits.Length - 60;
        var tie = digits[cut] == '5' && digits.AsSpan(cut + 1).TrimEnd('0').Length == 0;
        return double.Parse(tie && (digits[cut - 1] - '0') % 2 == 0 ? digits[..cut] : number.ToString("F" + precision, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    // Space around goes, and so do single underscores between digits.
    private static string Plain(RenderState state, string text)
    {
        var plain = StringMethods.Strip(state, text, null, true, true);
        for (var i = 0; i < plain.Length; i++)
            if (plain[i] == '_' && (i == 0 || i + 1 == plain.Length || !char.IsAsciiLetterOrDigit(plain[i - 1]) || !char.IsAsciiLetterOrDigit(plain[i + 1]))) return "_";
        return plain.Length > 1000 ? "_" : plain.Replace("_", "");
    }

    private static long? Digits(string text, int @base)
    {
        var negative = text.StartsWith('-');
        if (text.StartsWith('-') || text.StartsWith('+')) text = text[1..];
        var prefix = @base switch { 2 => "0b", 8 => "0o", 16 => "0x", _ => "" };
        if (prefix != "" && text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) text = text[2..];
        if (text.Length == 0) return null;
        var value = 0L;
        foreach (var c in text)
        {
            var digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : @base;
            if (digit >= @base || value > (long.MaxValue - digit) / @base) return null;
            value = value * @base + digit;
        }
        return negative ? -value : value;
    }
}
