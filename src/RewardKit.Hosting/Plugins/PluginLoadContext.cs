using System.Reflection;
using System.Runtime.Loader;

namespace RewardKit.Hosting.Plugins;

/// <summary>
/// The collectible context of one plugin folder. It loads from a copy, so that a build can overwrite the folder's files
/// while they are in use. What plugin and host exchange always comes from the host; everything else the plugin brings
/// stays its own.
/// </summary>
internal sealed class PluginLoadContext : AssemblyLoadContext
{
    /// <summary>Shared whatever version or key the plugin's reference names: two copies would be two different types.</summary>
    private static readonly HashSet<string> Shared =
        ["RewardKit.Abstractions", "RewardKit.Torch", "RewardKit.Models", "TorchSharp", "FSharp.Core"];

    private static readonly AssemblyLoadContext Host = GetLoadContext(typeof(PluginLoadContext).Assembly)!;

    private readonly AssemblyDependencyResolver _resolver;

    /// <summary>Copies a plugin folder and prepares to load its assembly.</summary>
    /// <param name="folder">The plugin folder.</param>
    /// <param name="assembly">Its assembly's file name.</param>
    public PluginLoadContext(string folder, string assembly) : base(Path.GetFileNameWithoutExtension(assembly), isCollectible: true)
    {
        Copy = Directory.CreateTempSubdirectory("rewardkit-plugin-").FullName;
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(Copy, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        AssemblyFile = Path.Combine(Copy, assembly);
        _resolver = new(AssemblyFile);
    }

    /// <summary>The folder that the plugin's files were copied to.</summary>
    public string Copy { get; }

    /// <summary>The copied assembly.</summary>
    public string AssemblyFile { get; }

    /// <inheritdoc />
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (Shared.Contains(assemblyName.Name!))
            return Host.LoadFromAssemblyName(new AssemblyName(assemblyName.Name!));
        // Null leaves it to the host's context: the framework's assemblies.
        return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
    }

    /// <inheritdoc />
    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : IntPtr.Zero;
}
