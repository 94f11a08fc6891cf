using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>
/// Finds the shim: the file named by REWARDKIT_TORCH_LIBRARY; else beside this assembly; else in
/// <c>artifacts/native/current</c> of a folder above the program or this assembly. <c>current</c> is a link to a folder,
/// or a text file that holds the folder's path.
/// </summary>
internal static class NativeLibraryLocator
{
    public const string Variable = "REWARDKIT_TORCH_LIBRARY";
    private const string FileName = "libRewardKitTorch.so";

#pragma warning disable CA2255 // The resolver must be in place before the first native call, whichever that is.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register() =>
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraryLocator).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Native.Library) return 0;
        var path = Find(Environment.GetEnvironmentVariable(Variable), StartFolders(assembly));
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException error)
        {
            throw new DllNotFoundException(
                $"The native torch library '{path}' is there but cannot be loaded, most likely because the libtorch it was " +
                "built for is gone. `dotnet fsi build.fsx setup` finds or installs libtorch and builds the library again. " +
                $"The loader says: {error.Message.Trim()}");
        }
    }

    internal static string Find(string? named, IEnumerable<string> startFolders)
    {
        if (!string.IsNullOrEmpty(named))
        {
            if (File.Exists(named)) return Path.GetFullPath(named);
            throw new DllNotFoundException($"{Variable} names '{named}', but there is no such file. " +
                $"Unset it, or let it name the {FileName} that `dotnet fsi build.fsx setup` builds.");
        }
        foreach (var start in startFolders)
        {
            var beside = Path.Combine(start, FileName);
            if (File.Exists(beside)) return beside;
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                var current = Path.Combine(folder.FullName, "artifacts", "native", "current");
                if (File.Exists(current)) current = Path.Combine(Path.GetDirectoryName(current)!, File.ReadAllText(current).Trim());
                var candidate = Path.Combine(current, FileName);
                if (File.Exists(candidate)) return candidate;
            }
        }
        throw new DllNotFoundException(
            $"The native torch library {FileName} is missing: it is neither beside the program nor in artifacts/native/current " +
            $"above it, and {Variable} is not set. `dotnet fsi build.fsx setup` finds or installs libtorch and builds it.");
    }

    private static IEnumerable<string> StartFolders(Assembly assembly)
    {
        var location = Path.GetDirectoryName(assembly.Location);
        if (!string.IsNullOrEmpty(location)) yield return location;
        if (AppContext.BaseDirectory != location) yield return AppContext.BaseDirectory;
    }
}
