using Microsoft.Build.Framework;

namespace RewardKit.Plugin.Sdk.Tasks;

/// <summary>
/// Writes <c>plugin.json</c> for a built plugin assembly: which plugins it holds, their options with types, defaults,
/// ranges and docs, the contract version and the assembly's hash. Reads metadata alone; no code of the plugin runs.
/// </summary>
public sealed class WritePluginManifest : ITask
{
    /// <inheritdoc />
    public IBuildEngine BuildEngine { get; set; } = null!;

    /// <inheritdoc />
    public ITaskHost? HostObject { get; set; }

    /// <summary>The built assembly.</summary>
    [Required]
    public string Assembly { get; set; } = "";

    /// <summary>The XML documentation that the compiler wrote beside it.</summary>
    [Required]
    public string Documentation { get; set; } = "";

    /// <summary>Every assembly it was compiled against.</summary>
    [Required]
    public string[] References { get; set; } = [];

    /// <summary>Those of them that belong to .NET itself, which every host has.</summary>
    [Required]
    public string[] Framework { get; set; } = [];

    /// <summary>The plugin's version.</summary>
    [Required]
    public string Version { get; set; } = "";

    /// <summary>The manifest to write, in the folder of all that the build copied.</summary>
    [Required]
    public string Manifest { get; set; } = "";

    /// <summary>The file that explains the codes, with a heading for each.</summary>
    public string Help { get; set; } = "";

    /// <inheritdoc />
    public bool Execute()
    {
        File.Delete(Manifest);
        IReadOnlyList<Problem> problems;
        try
        {
            using var reader = new AssemblyReader(Assembly, Documentation, References);
            var plugins = reader.ReadPlugins();
            var output = Path.GetDirectoryName(Path.GetFullPath(Manifest))!;
            problems = [.. reader.Problems, .. new OutputCheck(Assembly, output, Framework).Run()];
            if (problems.All(p => p.IsWarning))
                ManifestFile.Write(Manifest, Assembly, Version, reader.ContractVersion, plugins);
        }
        catch (Exception e) when (e is IOException or BadImageFormatException or UnauthorizedAccessException)
        {
            problems = [new("RK1000", $"The manifest cannot be written: {e.Message}")];
        }
        foreach (var problem in problems)
            Log(problem);
        return problems.All(p => p.IsWarning);
    }

    private void Log(Problem problem)
    {
        var (file, now) = (Path.GetFileName(Assembly), DateTime.UtcNow);
        var help = Help == "" ? null : $"{new Uri(Path.GetFullPath(Help))}#{problem.Code.ToLowerInvariant()}";
        if (problem.IsWarning)
            BuildEngine.LogWarningEvent(new("RewardKit", problem.Code, file, 0, 0, 0, 0, problem.Text, null, nameof(WritePluginManifest), help, now));
        else
            BuildEngine.LogErrorEvent(new("RewardKit", problem.Code, file, 0, 0, 0, 0, problem.Text, null, nameof(WritePluginManifest), help, now));
    }
}

internal sealed record PluginEntry(
    string Kind, string Id, string? Paper, bool OwnData, string Type, string? Summary, string? Options, IReadOnlyList<OptionEntry> OptionList);

/// <summary>An option. Default, bounds and choices are bool, int, double, string or null.</summary>
internal sealed record OptionEntry(
    string Property, string Type, bool Nullable, object? Default, OptionRange? Range, IReadOnlyList<object>? Choices, string? Input, string? Doc);

/// <summary>The range of a number; a null bound is no bound.</summary>
internal sealed record OptionRange(object? Minimum, object? Maximum, bool MinimumIsExclusive, bool MaximumIsExclusive)
{
    public bool Contains(double value) =>
        (Minimum is null || Convert.ToDouble(Minimum) is var low && (MinimumIsExclusive ? value > low : value >= low))
        && (Maximum is null || Convert.ToDouble(Maximum) is var high && (MaximumIsExclusive ? value < high : value <= high));
}
