using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace RewardKit.Hosting.Experiments;

/// <summary>What an experiment ran on.</summary>
internal static class RunEnvironment
{
    /// <summary>Versions and machine facts, in the order of the report.</summary>
    public static IReadOnlyDictionary<string, string> Facts(ExperimentSpec spec, MethodSource methods, IModelWork models)
    {
        var facts = new Dictionary<string, string>
        {
            ["rewardkit"] = typeof(RunEnvironment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            [".net"] = RuntimeInformation.FrameworkDescription,
            ["system"] = $"{RuntimeInformation.OSDescription} ({RuntimeInformation.ProcessArchitecture})",
            ["processors"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
        };
        if (Processor() is { } processor) facts["processor"] = processor;
        foreach (var (name, value) in models.Environment) facts[name] = value;
        var uses = spec.Arms.SelectMany(a => a.Augmenters.Prepend(a.Loss).Append(a.Composer).OfType<MethodUse>()).Concat(spec.Evaluations.Select(e => e.Evaluator));
        foreach (var use in uses.DistinctBy(u => (u.Kind, u.Id)))
            facts[$"{use.Kind.ToString().ToLowerInvariant()} {use.Id}"] = (use is InlineUse ? "in the script, " : "") + $"content {methods.ContentHash(use)[..12]}";
        return facts;
    }

    private static string? Processor()
    {
        const string path = "/proc/cpuinfo";
        return File.Exists(path)
            ? File.ReadLines(path).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
            : null;
    }
}
