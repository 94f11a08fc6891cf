using System.Globalization;
using RewardKit.Hosting.Plugins;

namespace RewardKit.Conformance;

/// <summary>Values to try options with.</summary>
internal static class OptionValues
{
    /// <summary>Values that the manifest allows: each choice, the bounds (as far as ±1000), null where it is one.</summary>
    public static IReadOnlyList<object?> Allowed(OptionDescription option)
    {
        // Which files there are, the kit does not know.
        if (option.Input is not null) return option.Nullable ? [null] : [];
        var values = new List<object?> { option.Default };
        if (option.Choices is { } choices) values.AddRange(choices);
        else if (option.Type == OptionType.Bool) values.AddRange([false, true]);
        else if (option.Type is OptionType.Int or OptionType.Double)
        {
            var (low, high) = (option.Minimum ?? -1000, option.Maximum ?? 1000);
            // Inside a bound that is not allowed itself.
            var inside = option.Type == OptionType.Int ? 1 : Math.Min(1e-3, (high - low) / 1000);
            if (option.MinimumIsExclusive) low += inside;
            if (option.MaximumIsExclusive) high -= inside;
            if (option.Minimum is not null) values.Add(Number(option, Math.Clamp(low, -1000, Math.Max(-1000, high))));
            if (option.Maximum is not null) values.Add(Number(option, Math.Clamp(high, Math.Min(1000, low), 1000)));
        }
        else if (option.Type == OptionType.String) values.Add("Ω \"quoted\", with blanks");
        if (option.Nullable) values.Add(null);
        return [.. values.Where(v => v is not null || option.Nullable).Distinct()];
    }

    /// <summary>Values that nobody means, with what is wrong with each.</summary>
    public static IEnumerable<(object? Value, string What)> Bad(OptionDescription option)
    {
        if (!option.Nullable) yield return (null, "null");
        yield return (option.Type is OptionType.String or OptionType.Enum ? 1 : "one", "of another type");
        if (option.Choices is not null) yield return (option.Type == OptionType.Int ? int.MinValue : option.Type == OptionType.Double ? double.MinValue : "no such choice", "no choice");
        if (option.Type == OptionType.Double) yield return (double.NaN, "no number");
        if (option.Type is not (OptionType.Int or OptionType.Double)) yield break;
        if (option.Minimum is { } low && low > (option.Type == OptionType.Int ? int.MinValue : double.MinValue)) yield return (Beyond(option, low, -1), "below its range");
        if (option.Maximum is { } high && high < (option.Type == OptionType.Int ? int.MaxValue : double.MaxValue)) yield return (Beyond(option, high, 1), "above its range");
        if (option.MinimumIsExclusive) yield return (Number(option, option.Minimum!.Value), "the bound that is not in its range");
        if (option.MaximumIsExclusive) yield return (Number(option, option.Maximum!.Value), "the bound that is not in its range");
    }

    public static string Show(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        string text => $"\"{text}\"",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>Whether a manifest's value is a property's: an enumeration's value stands there in kebab case.</summary>
    public static bool AreEqual(object? manifest, object? property) => property is Enum member
        ? manifest is string text && text.Replace("-", "", StringComparison.Ordinal).Equals(member.ToString().Replace("_", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase)
        : manifest is int or double && property is int or double
            ? Convert.ToDouble(manifest, CultureInfo.InvariantCulture).Equals(Convert.ToDouble(property, CultureInfo.InvariantCulture))
            : Equals(manifest, property);

    private static object Number(OptionDescription option, double value) => option.Type == OptionType.Int ? (object)(int)value : value;

    private static object Beyond(OptionDescription option, double bound, int direction) => option.Type == OptionType.Int
        ? (int)bound + direction
        : direction < 0 ? Math.BitDecrement(bound) : Math.BitIncrement(bound);
}
