using System.Text.RegularExpressions;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Plugins;

/// <summary>What a script writes to use a plugin.</summary>
public static class ScriptCall
{
    /// <summary>The function, as <c>Loss.hafRm</c>; null for a kind that scripts name by its id.</summary>
    /// <param name="plugin">The plugin.</param>
    public static string? Of(PluginDescription plugin)
    {
        var group = plugin.Kind switch
        {
            PluginKind.Loss => "Loss",
            PluginKind.Augmenter => "Augment",
            PluginKind.Evaluator => "Evaluate",
            PluginKind.Decoder => "Decode",
            PluginKind.Merger => "Merge",
            PluginKind.Composer => "Score",
            _ => null,
        };
        return group is null ? null : $"{group}.{string.Concat(plugin.Id.Split('-').Select((word, i) => i == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]))}";
    }

    /// <summary>Whether a script's text has a function.</summary>
    /// <param name="script">The text.</param>
    /// <param name="call">The function.</param>
    public static bool IsIn(string script, string call) => Regex.IsMatch(script, $@"(?m)^(?!\s*//).*\b{Regex.Escape(call)}\b");
}
