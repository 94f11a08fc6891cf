using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;

namespace RewardKit.Plugin.Sdk.Tasks;

/// <summary>
/// Finds what a plugin's output holds too much or lacks. The host loads the plugin from that folder, and gives it .NET and
/// its own contracts besides.
/// </summary>
/// <param name="assembly">The plugin assembly.</param>
/// <param name="output">The folder with all that the build copied.</param>
/// <param name="framework">The assemblies of .NET itself.</param>
internal sealed partial class OutputCheck(string assembly, string output, IEnumerable<string> framework)
{
    /// <summary>What the host gives to every plugin; FSharp.Core too, unless the plugin brings a newer one.</summary>
    private static readonly string[] Promised =
        ["RewardKit.Abstractions", "RewardKit.Torch", "RewardKit.Models", "TorchSharp", "FSharp.Core"];

    private readonly HashSet<string> _available = [.. Promised, .. framework.Select(Name), Name(assembly)];
    private readonly List<Problem> _problems = [];

    public IReadOnlyList<Problem> Run()
    {
        var files = Directory.GetFiles(output, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
        var libraries = files.Where(f => Path.GetExtension(f) == ".dll" && Name(f) != Name(assembly)).ToList();
        _available.UnionWith(libraries.Select(Name));

        foreach (var missing in ReferencesOf(assembly).Except(_available))
        {
            Add("RK1013", $"{Path.GetFileName(assembly)} needs {missing}, which is not in its output, and which the host does not promise: "
                + "a plugin gets .NET itself (Microsoft.NETCore.App) and RewardKit's contracts from the host, nothing else. Let the "
                + $"build copy {missing}.dll (no Private=\"false\", no ExcludeAssets=\"runtime\"), or do without it.");
        }
        foreach (var library in libraries)
        {
            if (IsOfHost(Name(library)))
                Add("RK1015", $"{Relative(library)} is a copy of what the host brings itself. The host's types are other types than the "
                    + "copy's, and a copy of a contract is never loaded. " + (Promised.Contains(Name(library))
                        ? "Let the SDK reference it (RewardKit.Models: <UseRewardKitModels>true</UseRewardKitModels>), and nothing else."
                        : "Plugins know RewardKit.Abstractions, RewardKit.Torch and RewardKit.Models alone."), isWarning: true);
            else
                CheckLibrary(library);
        }
        foreach (var native in files.Where(f => LibTorch().IsMatch(Path.GetFileName(f))))
            Add("RK1016", $"{Relative(native)} belongs to a libtorch. The host has its own, and a process with two of them crashes or "
                + "computes nonsense. Remove the package that brings it (TorchSharp, libtorch-*): the SDK references RewardKit.TorchSharp.");
        return _problems;
    }

    // A library may be used without ever getting to what it misses, and those below runtimes/ are for one system each.
    private void CheckLibrary(string library)
    {
        if (Relative(library).StartsWith("runtimes/", StringComparison.Ordinal))
            return;
        var missing = ReferencesOf(library).Except(_available).ToList();
        if (missing.Count > 0)
            Add("RK1014", $"{Relative(library)} needs {string.Join(", ", missing)}, not in the plugin's output and not promised by the host. "
                + "It will fail when it gets there. Let the build copy the rest of its package, too.", isWarning: true);
    }

    private void Add(string code, string text, bool isWarning = false) => _problems.Add(new(code, text, isWarning));

    private string Relative(string file) => Path.GetRelativePath(output, file).Replace('\\', '/');

    private static string Name(string file) => Path.GetFileNameWithoutExtension(file);

    private static bool IsOfHost(string name) => name is "TorchSharp" || Ours().IsMatch(name);

    /// <summary>The names of the assemblies that an assembly references; none of a native library.</summary>
    private static IReadOnlyList<string> ReferencesOf(string file)
    {
        using var image = new PEReader(File.OpenRead(file));
        if (!image.HasMetadata)
            return [];
        var metadata = image.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(r => metadata.GetString(metadata.GetAssemblyReference(r).Name))];
    }

    [GeneratedRegex(@"^RewardKit\.(Abstractions|Torch|Models|Training|Hosting|Scripting|Conformance)$")]
    private static partial Regex Ours();

    [GeneratedRegex(@"^(lib)?(torch|torch_cpu|torch_cuda|torch_global_deps|c10|c10_cuda|LibTorchSharp|RewardKitTorch)\.(so(\.\d+)*|dll|dylib)$")]
    private static partial Regex LibTorch();
}
