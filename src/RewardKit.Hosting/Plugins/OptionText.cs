using System.Globalization;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Plugins;

/// <summary>Options as people write them in a shell: <c>alpha=0.2</c>.</summary>
public static class OptionText
{
    /// <summary>A use of a plugin with options from text.</summary>
    /// <param name="plugin">The plugin, whose manifest knows the options' types.</param>
    /// <param name="settings">Options as <c>name=value</c>; <c>null</c> where an option allows it.</param>
    /// <returns>The use, with values of the options' types where the text is of that type; what is not allowed is refused when the plugin is made.</returns>
    /// <exception cref="RewardKitException">A setting is not of that form, or is set twice.</exception>
    public static PluginUse Use(PluginDescription plugin, IEnumerable<string> settings)
    {
        var options = new Dictionary<string, object>();
        foreach (var setting in settings)
        {
            var equals = setting.IndexOf('=');
            if (equals < 1) throw RewardKitException.Input($"\"{setting}\" sets no option; expected name=value, as {Example(plugin)}.");
            var name = setting[..equals];
            var type = plugin.Options.FirstOrDefault(option => option.Name == name);
            if (!options.TryAdd(name, Value(setting[(equals + 1)..], type)!))
                throw RewardKitException.Input($"The option \"{name}\" of the {plugin.Label} is set twice.");
        }
        return new(plugin.Kind, plugin.Id, options);
    }

    /// <summary>What values an option takes, in words: <c>a number from 0 to 1000</c>.</summary>
    /// <param name="option">The option.</param>
    public static string Expected(OptionDescription option) => OptionCheck.Expected(option);

    /// <summary>A value as people write it in a shell.</summary>
    /// <param name="value">The value.</param>
    public static string Show(object? value) => value as string ?? OptionCheck.Show(value);

    private static object? Value(string text, OptionDescription? option) => option?.Type switch
    {
        _ when option is { Nullable: true } && text == "null" => null,
        OptionType.Bool when bool.TryParse(text, out var flag) => flag,
        OptionType.Int when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        OptionType.Double when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => text,
    };

    private static string Example(PluginDescription plugin) =>
        plugin.Options is [var first, ..] ? $"{first.Name}={Show(first.Default)}" : "alpha=0.5";
}
