using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>
/// Finds the shim: the file named by REWARDKIT_TORCH_LIBRARY; else beside this assembly; else in
/// <c>artifacts/native/current</c> of a folder above the program or this assembly; else where <c>native/build.sh --user</c>
/// left it. <c>current</c> is a link to a folder, or a text file that holds the folder's path. What is found is loaded only if it fits this assembly, and its libtorch it.
/// </summary>
internal static unsafe class NativeLibraryLocator
{
    public const string Variable = "REWARDKIT_TORCH_LIBRARY";
    private const string FileName = "libRewardKitTorch.so";
    private static nint _loaded;

    /// <summary>How the shim is built, here and where this assembly comes from a package.</summary>
    private static readonly string Build = "in RewardKit's repository by `dotnet fsi build.fsx setup`, elsewhere by "
        + $"`sh ~/.nuget/packages/rewardkit.torchsharp/{Version}/native/build.sh --user`";

    private static string Version => typeof(NativeLibraryLocator).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    private static string UserFolder => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "rewardkit", "native", ShimInterface.Hash, "current");

#pragma warning disable CA2255 // The resolver must be in place before the first native call, whichever that is.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Register() =>
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraryLocator).Assembly, Resolve);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Native.Library) return 0;
        // Asked once for each function.
        if (_loaded == 0) _loaded = Load(Find());
        return _loaded;
    }

    /// <summary>The path of the shim that this process uses, or would use.</summary>
    internal static string Find() => Find(Environment.GetEnvironmentVariable(Variable), StartFolders(), UserFolder);

    internal static string Find(string? named, IEnumerable<string> startFolders, string userFolder)
    {
        if (!string.IsNullOrEmpty(named))
        {
            if (File.Exists(named)) return Path.GetFullPath(named);
            throw new DllNotFoundException($"{Variable} names '{named}', but there is no such file. " +
                $"Unset it, or let it name the {FileName} that is built here: {Build}.");
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
        var users = Path.Combine(userFolder, FileName);
        if (File.Exists(users)) return users;
        throw new DllNotFoundException(
            $"The native torch library {FileName} is missing: it is neither beside the program nor in artifacts/native/current " +
            $"above it nor in {userFolder}, and {Variable} is not set. It is built once, over a libtorch of this machine: {Build}.");
    }

    /// <summary>Loads a shim that fits.</summary>
    /// <exception cref="DllNotFoundException">It cannot be loaded, or was built from other sources or for another libtorch.</exception>
    internal static nint Load(string path)
    {
        nint library;
        SpinLess();
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (DllNotFoundException error)
        {
            throw new DllNotFoundException(
                $"The native torch library '{path}' is there but cannot be loaded, most likely because the libtorch it was " +
                $"built for{BuiltFor(path)} is gone or was exchanged. {Fix(path)} The loader says: {error.Message.Trim()}");
        }
        // Asked for by name: of an older shim's functions, this one may be missing, too.
        if (Text(library, "rk_interface") != ShimInterface.Hash)
            throw new DllNotFoundException(
                $"The native torch library '{path}' was built from other sources than this RewardKit: an older or newer version " +
                $"of it. {Fix(path)}");
        var built = Text(library, "rk_torch_version")!;
        var loaded = Text(library, "rk_loaded_torch_version")!;
        if (loaded != "" && Release(loaded) != Release(built))
            throw new DllNotFoundException(
                $"The native torch library '{path}' was built for libtorch {built}{BuiltFor(path)}, but now finds libtorch {loaded}. {Fix(path)}");
        return library;
    }

    // libgomp's threads spin for milliseconds after each piece of work. OpenBLAS has threads of its own, which find the cores
    // taken then: training is 1.3 to 1.9 times as fast if they soon sleep, and decoding gains, too. libgomp reads this
    // when it is loaded, from the process's environment, of which .NET has but a copy.
    private static void SpinLess()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") is not null) return;
        fixed (byte* name = "GOMP_SPINCOUNT\0"u8, value = "2000\0"u8) _ = setenv(name, value, overwrite: 0);

        [DllImport("libc")]
        static extern int setenv(byte* name, byte* value, int overwrite);
    }

    private static string? Text(nint library, string function) => NativeLibrary.TryGetExport(library, function, out var address)
        ? Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)address)())
        : null;

    // Patch releases can stand in for each other.
    private static string Release(string version) => string.Join('.', version.Split('.').Take(2));

    private static string BuiltFor(string path)
    {
        var note = Path.Combine(Path.GetDirectoryName(path)!, "libtorch.txt");
        return File.Exists(note) ? $" (in {File.ReadAllText(note).Trim()})" : "";
    }

    private static string Fix(string path)
    {
        var fix = $"build it again: {Build}.";
        return path == Environment.GetEnvironmentVariable(Variable) ? $"{Variable} names it; unset it, or {fix}" : $"To mend it, {fix}";
    }

    private static IEnumerable<string> StartFolders()
    {
        var location = Path.GetDirectoryName(typeof(NativeLibraryLocator).Assembly.Location);
        if (!string.IsNullOrEmpty(location)) yield return location;
        if (AppContext.BaseDirectory != location) yield return AppContext.BaseDirectory;
    }
}
