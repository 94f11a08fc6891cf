namespace RewardKit.Architecture.Tests;

/// <summary>
/// Who may know whom: Cli → Scripting and Conformance → Hosting → Training → Models → Torch → TorchSharp, never up; the board
/// stands on Hosting, too; Abstractions knows Torch and TorchSharp alone, and what stands on Models may know it; tools of
/// a build or of the compiler know nobody; a plugin knows Abstractions, Torch, TorchSharp and Models, and nobody knows a plugin.
/// </summary>
internal static class DependencyRule
{
    private static readonly string[] Torch = ["TorchSharp", "RewardKit.Torch"];
    private static readonly string[] Contracts = [.. Torch, "RewardKit.Abstractions"];
    private static readonly string[] Upwards = ["RewardKit.Models", "RewardKit.Training", "RewardKit.Hosting", "RewardKit.Scripting", "rewardkit"];

    /// <summary>For each of our assemblies, those of ours that it may reference.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["RewardKit.Plugin.Sdk.Tasks"] = [],
        ["RewardKit.TorchSharp.Generator"] = [],
        ["RewardKit.Templates"] = [],
        ["RewardKit.Scripting.DependencyManager"] = [],
        ["TorchSharp"] = [],
        ["RewardKit.Torch"] = ["TorchSharp"],
        ["RewardKit.Abstractions"] = Torch,
    };

    private static readonly string[] AllowedToPlugins = [.. Contracts, "RewardKit.Models"];

    static DependencyRule()
    {
        foreach (var (place, assembly) in Upwards.Index())
            Allowed.Add(assembly, [.. Contracts, .. Upwards[..place]]);
        // Beside Scripting: neither knows the other.
        Allowed.Add("RewardKit.Conformance", Allowed["RewardKit.Scripting"]);
        // Beside the command, which starts it and does not know it: its framework costs the command nothing.
        Allowed.Add("rewardkit-board", Allowed["RewardKit.Scripting"]);
        Allowed["rewardkit"] = [.. Allowed["rewardkit"], "RewardKit.Conformance"];
    }

    /// <summary>What breaks the rule, a sentence each.</summary>
    /// <param name="host">The assemblies under src/ with all that they reference.</param>
    /// <param name="plugins">The same of the shipped plugins.</param>
    public static IEnumerable<string> Violations(
        IReadOnlyDictionary<string, IReadOnlyList<string>> host, IReadOnlyDictionary<string, IReadOnlyList<string>> plugins)
    {
        foreach (var (assembly, references) in host)
        {
            if (!Allowed.TryGetValue(assembly, out var allowed)) yield return $"{assembly} has no place in the rule";
            else foreach (var reference in Wrong(references, allowed)) yield return $"{assembly} references {reference}";
        }
        foreach (var (plugin, references) in plugins)
            foreach (var reference in Wrong(references, AllowedToPlugins)) yield return $"the plugin {plugin} references {reference}";

        IEnumerable<string> Wrong(IEnumerable<string> references, string[] allowed) =>
            references.Where(r => host.ContainsKey(r) || plugins.ContainsKey(r)).Except(allowed);
    }
}
