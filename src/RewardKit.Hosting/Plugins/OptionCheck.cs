using System.Globalization;
using RewardKit.Hosting.Experiments;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Plugins;

/// <summary>Checks a script's option values against a manifest; no code of the plugin is needed.</summary>
internal static class OptionCheck
{
    /// <summary>Checks every option of a use.</summary>
    /// <returns>Each option that the script sets, with its value in the option's type (an enumeration's as string).</returns>
    /// <exception cref="RewardKitException">An unknown option, a wrong type, a value that is not allowed.</exception>
    public static IReadOnlyList<(OptionDescription Option, object? Value)> Check(PluginDescription plugin, PluginUse use)
    {
        var values = new List<(OptionDescription, object?)>();
        foreach (var (name, value) in use.Options.OrderBy(o => o.Key, StringComparer.Ordinal))
        {
            var option = plugin.Options.FirstOrDefault(o => o.Name == name) ?? throw Unknown(plugin, name);
            values.Add((option, Check(plugin, option, value)));
        }
        if (plugin.Options.FirstOrDefault(o => o.MustBeGiven && use.Options.GetValueOrDefault(o.Name) is null or "") is { } missing)
            throw RewardKitException.Input($"The {plugin.Label} needs the option \"{missing.Name}\": the path of a {Named(missing)} to read.");
        return values;
    }

    /// <summary>A value as it is shown in messages.</summary>
    public static string Show(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        string text => $"\"{text}\"",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string Named(OptionDescription option) => option.Input switch
    {
        InputKind.File => "file",
        InputKind.Folder => "folder",
        _ => "file or folder",
    };

    private static object? Check(PluginDescription plugin, OptionDescription option, object? value)
    {
        if (value is null && option.Nullable)
            return null;
        if (value is string path and not "" && option.Input is { } input
            && !(input != InputKind.Folder && File.Exists(path)) && !(input != InputKind.File && Directory.Exists(path)))
        {
            throw RewardKitException.Input(
                $"The {plugin.Label}: option \"{option.Name}\" is {Show(path)}, but there is no such {Named(option)}.");
        }
        var converted = (option.Type, value) switch
        {
            (OptionType.Bool, bool) or (OptionType.Int, int) or (OptionType.Double, double) => value,
            (OptionType.Double, int number) => (double)number,
            (OptionType.String or OptionType.Enum, string) => value,
            _ => throw RewardKitException.Input(
                $"The {plugin.Label}: option \"{option.Name}\" is {Show(value)}, but must be {Expected(option)}."),
        };
        var allowed = option.Choices is { } choices ? choices.Contains(converted)
            : converted is not (int or double) || IsInRange(option, Convert.ToDouble(converted, CultureInfo.InvariantCulture));
        if (!allowed)
        {
            var hint = option.Choices is not null && converted is string text
                ? NearNames.Sentence(text, option.Choices.OfType<string>()) : "";
            throw RewardKitException.Input(
                $"The {plugin.Label}: option \"{option.Name}\" is {Show(value)}, but must be {Expected(option)}.{hint}");
        }
        return converted;
    }

    // Written so that NaN is in no range that has a bound.
    private static bool IsInRange(OptionDescription option, double value) =>
        (option.Minimum is not { } low || (option.MinimumIsExclusive ? value > low : value >= low))
        && (option.Maximum is not { } high || (option.MaximumIsExclusive ? value < high : value <= high));

    /// <summary>What values an option takes, in words.</summary>
    public static string Expected(OptionDescription option)
    {
        var type = option.Type switch
        {
            _ when option.Choices is { } choices => $"one of {string.Join(", ", choices.Select(Show))}",
            OptionType.Bool => "true or false",
            OptionType.Int => "a whole number",
            OptionType.Double => "a number",
            _ when option.Input is not null => $"the path of a {Named(option)}",
            _ => "a string",
        };
        var low = option.Minimum is not { } minimum ? null : option.MinimumIsExclusive ? $"above {Show(minimum)}" : $"at least {Show(minimum)}";
        var high = option.Maximum is not { } maximum ? null : option.MaximumIsExclusive ? $"below {Show(maximum)}" : $"at most {Show(maximum)}";
        var range = (low, high) switch
        {
            (null, null) => "",
            (null, _) => $" {high}",
            (_, null) => $" {low}",
            _ when option is { MinimumIsExclusive: false, MaximumIsExclusive: false } =>
                $" from {Show(option.Minimum)} to {Show(option.Maximum)}",
            _ => $" {low} and {high}",
        };
        return type + range + (option.Nullable ? ", or null" : "");
    }

    private static RewardKitException Unknown(PluginDescription plugin, string name)
    {
        var known = plugin.Options.Select(o => o.Name).ToList();
        return RewardKitException.Input(
            $"The {plugin.Label} has no option \"{name}\".{NearNames.Sentence(name, known)} "
            + (known.Count == 0 ? "It has no options." : $"Its options: {string.Join(", ", known)}."));
    }
}
