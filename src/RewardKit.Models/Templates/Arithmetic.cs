namespace RewardKit.Models.Templates;

/// <summary>Arithmetic with Python's meaning; whole numbers have 64 bits, and more is refused.</summary>
internal static class Arithmetic
{
    public static object? Apply(RenderState state, string @operator, object? left, object? right)
    {
        if (@operator == "+" && left is string a && right is string b)
        {
            state.ChargeText((long)a.Length + b.Length);
            return a + b;
        }
        if (@operator == "+" && left is Sequence first && right is Sequence second && first.Form == second.Form && first.Form is SequenceForm.List or SequenceForm.Tuple)
        {
            state.Charge((long)first.Items.Count + second.Items.Count);
            return new Sequence([.. first.Items, .. second.Items], first.Form);
        }
        if (@operator == "*" && (Repeated(state, left, right) ?? Repeated(state, right, left)) is { } repeated) return repeated;
        if (@operator == "%" && left is string) throw state.Refuse("formatting with '%' is not supported; use '~'");
        if (left is Undefined missing) throw state.Refuse(missing.Why);
        if (right is Undefined other) throw state.Refuse(other.Why);
        if (Values.Number(left) is not { } x || Values.Number(right) is not { } y)
            throw state.Refuse($"'{@operator}' does not go with a {Values.TypeName(left)} and a {Values.TypeName(right)}");
        if (@operator is "/" or "//" or "%" && y == 0) throw state.Refuse("division by zero");
        if (@operator == "/") return x / y;
        try
        {
            return Values.Whole(left) is { } n && Values.Whole(right) is { } m && !(@operator == "**" && m < 0)
                ? OfWholes(@operator, n, m)
                : OfFloats(state, @operator, x, y);
        }
        catch (OverflowException)
        {
            throw state.Refuse($"the result of '{@operator}' does not fit into 64 bits");
        }
    }

    public static object? Signed(RenderState state, bool negative, object? value) => value switch
    {
        bool or long when negative => Values.Whole(value) is long.MinValue ? throw state.Refuse("the number does not fit into 64 bits") : -Values.Whole(value)!.Value,
        bool or long => Values.Whole(value),
        double number => negative ? -number : number,
        Undefined missing => throw state.Refuse(missing.Why),
        _ => throw state.Refuse($"a {Values.TypeName(value)} has no sign"),
    };

    private static object? Repeated(RenderState state, object? value, object? times)
    {
        if (Values.Whole(times) is not { } count) return null;
        count = Math.Max(count, 0);
        if (value is string text)
        {
            if (text.Length > 0 && count > RenderState.MaxText) count = RenderState.MaxText + 1L;
            state.ChargeText(text.Length * count);
            return text.Length == 0 ? "" : string.Concat(Enumerable.Repeat(text, (int)count));
        }
        if (value is not Sequence { Form: SequenceForm.List or SequenceForm.Tuple } sequence) return null;
        if (sequence.Items.Count > 0 && count > RenderState.MaxText) count = RenderState.MaxText + 1L;
        state.Charge(sequence.Items.Count * count);
        return new Sequence(sequence.Items.Count == 0 ? [] : [.. Enumerable.Repeat(sequence.Items, (int)count).SelectMany(items => items)], sequence.Form);
    }

    private static object OfWholes(string @operator, long x, long y) => checked(@operator switch
    {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "//" => x / y - (x % y != 0 && x < 0 != y < 0 ? 1 : 0),
        "%" => y == -1 ? 0 : (x % y + y) % y,
        _ => Power(x, y),
    });

    private static long Power(long x, long y)
    {
        var result = 1L;
        if (x is 0 or 1) return y == 0 ? 1 : x;
        if (x == -1) return y % 2 == 0 ? 1 : -1;
        // The base doubles the result at least: 64 rounds end it.
        for (; y > 0; y--) result = checked(result * x);
        return result;
    }

    private static object OfFloats(RenderState state, string @operator, double x, double y) => @operator switch
    {
        "+" => x + y,
        "-" => x - y,
        "*" => x * y,
        "//" => Math.Floor(x / y),
        "%" => x - Math.Floor(x / y) * y,
        _ => Math.Pow(x, y) is var power && double.IsFinite(power) ? power : throw state.Refuse("the result of '**' is no number"),
    };
}
