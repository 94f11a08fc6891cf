using RewardKit.Scripting.DependencyManager;

[assembly: DependencyManager]

namespace RewardKit.Scripting.DependencyManager;

/// <summary>
/// What the F# compiler looks for, by this name, in assemblies beside its own whose names have "DependencyManager" in them.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class)]
public sealed class DependencyManagerAttribute : Attribute;

/// <summary>
/// Accepts a script's lines <c>#r "nuget: …"</c>, which the compiler would refuse otherwise, and finds nothing for them: the
/// host has restored the packages before, and hands their assemblies over as references. The compiler calls it by reflection.
/// </summary>
/// <param name="outputFolder">Where the compiler would have files written; not used.</param>
[DependencyManager]
#pragma warning disable CS9113, IDE0060 // The compiler decides what it hands over.
public sealed class PackageLines(object? outputFolder)
{
    /// <summary>What it is called in messages.</summary>
    public string Name => "RewardKit";

    /// <summary>What the lines begin with.</summary>
    public string Key => "nuget";

    /// <summary>Says that all is well.</summary>
    public object ResolveDependencies(
        string scriptFolder, string scriptName, string extension, IEnumerable<Tuple<string, string>> lines, string framework, string runtime, int timeout) =>
        new Nothing();

    private sealed class Nothing
    {
        public bool Success => true;

        public string[] StdOut => [];

        public string[] StdError => [];

        public IEnumerable<string> Resolutions => [];

        public IEnumerable<string> SourceFiles => [];

        public IEnumerable<string> Roots => [];
    }
}
