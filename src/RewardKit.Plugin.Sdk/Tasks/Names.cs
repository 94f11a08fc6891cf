using System.Text.RegularExpressions;

namespace RewardKit.Plugin.Sdk.Tasks;

/// <summary>How names of code become names that users write.</summary>
internal static partial class Names
{
    /// <summary><c>TieWeight</c> becomes <c>tieWeight</c>, <c>KLWeight</c> becomes <c>klWeight</c>.</summary>
    public static string Camel(string name)
    {
        var capitals = name.TakeWhile(char.IsUpper).Count();
        var lower = capitals > 1 && capitals < name.Length ? capitals - 1 : capitals;
        return name[..lower].ToLowerInvariant() + name[lower..];
    }

    /// <summary><c>SumLogProb</c> becomes <c>sum-log-prob</c>, <c>KLPenalty</c> becomes <c>kl-penalty</c>.</summary>
    public static string Kebab(string name) => WordStart().Replace(name, "-").ToLowerInvariant();

    public static bool IsKebab(string id) => KebabForm().IsMatch(id);

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")]
    private static partial Regex WordStart();

    [GeneratedRegex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
    private static partial Regex KebabForm();
}
