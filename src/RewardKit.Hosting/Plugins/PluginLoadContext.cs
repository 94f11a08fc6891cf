using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace RewardKit.Hosting.Plugins;

/// <summary>
/// The collectible context of one plugin folder. It loads from a copy, so that a build can overwrite the folder's files
/// while they are in use. What plugin and host exchange always comes from the host; everything else the plugin brings
/// stays its own.
/// </summary>
internal sealed class PluginLoadContext : AssemblyLoadContext
{
    private const string FSharpCore = "FSharp.Core";

    /// <summary>Shared whatever version or key the plugin's reference names: two copies would be two different types.</summary>
    private static readonly HashSet<string> Shared = ["RewardKit.Abstractions", "RewardKit.Torch", "RewardKit.Models", "TorchSharp"];

    private static readonly AssemblyLoadContext Host = GetLoadContext(typeof(PluginLoadContext).Assembly)!;

    private readonly AssemblyDependencyResolver _resolver;
    private readonly bool _ownFSharpCore;
    private readonly List<IntPtr> _libraries = [];

    /// <summary>Copies a plugin folder and prepares to load its assembly.</summary>
    /// <param name="manifest">The folder's manifest.</param>
    /// <exception cref="RewardKitException">The folder cannot be copied.</exception>
    public PluginLoadContext(PluginManifest manifest) : base(Path.GetFileNameWithoutExtension(manifest.Assembly), isCollectible: true)
    {
        Manifest = manifest;
        Copy = Directory.CreateTempSubdirectory("rewardkit-plugin-").FullName;
        CopyFolder(manifest.Files, Copy);
        AssemblyFile = Path.Combine(Copy, manifest.Assembly);
        _resolver = new(AssemblyFile);
        _ownFSharpCore = _resolver.ResolveAssemblyToPath(new(FSharpCore)) is { } own && IsNewerThanTheHosts(own);
    }

    /// <summary>The manifest of the plugin that lives here.</summary>
    public PluginManifest Manifest { get; }

    /// <summary>The folder that the plugin's files were copied to.</summary>
    public string Copy { get; }

    /// <summary>The copied assembly.</summary>
    public string AssemblyFile { get; }

    /// <summary>The threads that ran before anything of the plugin did.</summary>
    public IReadOnlySet<int> ThreadsBefore { get; } = RunningThreads.Ids();

    /// <summary>The native libraries loaded so far; they are to be freed when nothing is left that could call them.</summary>
    public IReadOnlyList<IntPtr> Libraries => _libraries;

    /// <summary>
    /// Whether an assembly comes from the host. FSharp.Core does, to load it but once, unless the plugin brings a newer one:
    /// no contract shows its types, and only older plugins run on it.
    /// </summary>
    public bool IsShared(string assembly) => Shared.Contains(assembly) || assembly == FSharpCore && !_ownFSharpCore;

    /// <inheritdoc />
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (IsShared(assemblyName.Name!)) return Host.LoadFromAssemblyName(new AssemblyName(assemblyName.Name!));
        // Null leaves it to the host's context: the framework's assemblies.
        return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    /// <inheritdoc />
    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName)
    {
        if ((_resolver.ResolveUnmanagedDllToPath(unmanagedDllName) ?? UnlistedLibrary(unmanagedDllName)) is not { } path) return IntPtr.Zero;
        var library = LoadUnmanagedDllFromPath(path);
        lock (_libraries) _libraries.Add(library);
        return library;
    }

    // A library that comes in a package is listed in the .deps.json; one that the project itself copies is not.
    private string? UnlistedLibrary(string name)
    {
        var (system, prefix, suffix) = OperatingSystem.IsWindows() ? ("win", "", ".dll")
            : OperatingSystem.IsMacOS() ? ("osx", "lib", ".dylib") : ("linux", "lib", ".so");
        var runtime = $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        return new[] { Path.Combine(Copy, "runtimes", runtime, "native"), Copy }
            .SelectMany(folder => new[] { name, prefix + name + suffix, name + suffix }.Select(file => Path.Combine(folder, file)))
            .FirstOrDefault(File.Exists);
    }

    /// <summary>Copies all files of a folder.</summary>
    /// <exception cref="RewardKitException">That fails; then nothing is left of the copy.</exception>
    public static void CopyFolder(string folder, string copy)
    {
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                var target = Path.Combine(copy, Path.GetRelativePath(folder, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Directory.Delete(copy, recursive: true);
            throw RewardKitException.Failure($"Plugin folder {folder} cannot be copied to {copy}: {e.Message}", e);
        }
    }

    private static bool IsNewerThanTheHosts(string fsharpCore)
    {
        try
        {
            return AssemblyName.GetAssemblyName(fsharpCore).Version > Host.LoadFromAssemblyName(new(FSharpCore)).GetName().Version;
        }
        catch (FileNotFoundException)
        {
            // The host has none.
            return true;
        }
        catch (BadImageFormatException)
        {
            return false;
        }
    }
}
