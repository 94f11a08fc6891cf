using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace RewardKit.Hosting.Plugins.Packages;

/// <summary>
/// The NuGet client of the .NET SDK: it knows feeds, credentials, caches and lock files, and we only read what it restored.
/// </summary>
internal static partial class NuGetClient
{
    /// <summary>Restores a project.</summary>
    /// <param name="project">The project file.</param>
    /// <param name="locked">Whether packages must be those of its lock file.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RewardKitException">NuGet refuses; the message is NuGet's.</exception>
    public static void Restore(string project, bool locked, CancellationToken cancellation)
    {
        if (Refusal(project, locked, cancellation) is { } reasons) throw RewardKitException.Failure($"NuGet could not restore {project}:\n{reasons}");
    }

    /// <summary>Tries to restore a project.</summary>
    /// <param name="project">The project file.</param>
    /// <param name="locked">Whether packages must be those of its lock file.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>Why NuGet refuses, a line each; null where it was restored.</returns>
    /// <exception cref="RewardKitException">There is no .NET SDK.</exception>
    public static string? Refusal(string project, bool locked, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("dotnet", ["restore", project, "-nologo", "-v", "quiet", "-nodeReuse:false", locked ? "--locked-mode" : "--force-evaluate"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(project)!,
        };
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        // A host that an SDK started hands these down; the restore is to choose its own.
        foreach (var name in (string[])["MSBuildSDKsPath", "MSBuildExtensionsPath", "MSBUILD_EXE_PATH"]) start.Environment.Remove(name);
        try
        {
            using var process = Process.Start(start)!;
            using var stop = cancellation.Register(() => process.Kill(entireProcessTree: true));
            var (output, error) = (process.StandardOutput.ReadToEndAsync(CancellationToken.None), process.StandardError.ReadToEndAsync(CancellationToken.None));
            process.WaitForExit();
            cancellation.ThrowIfCancellationRequested();
            return process.ExitCode == 0 ? null : Reasons(output.Result + error.Result);
        }
        catch (Win32Exception e)
        {
            throw RewardKitException.Input("Installing packages needs the .NET SDK, and there is no `dotnet` on the PATH.", e);
        }
    }

    /// <summary>The packages that a restore found, with the folders they lie in.</summary>
    /// <param name="project">The project file.</param>
    /// <returns>Null where it was not restored.</returns>
    /// <exception cref="RewardKitException">What the restore left is damaged.</exception>
    public static IReadOnlyList<RestoredPackage>? Restored(string project)
    {
        var file = AssetsOf(project);
        if (!File.Exists(file)) return null;
        try
        {
            using var assets = JsonDocument.Parse(File.ReadAllBytes(file));
            string[] folders = [.. assets.RootElement.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name)];
            return [.. assets.RootElement.GetProperty("libraries").EnumerateObject()
                .Where(library => library.Value.GetProperty("type").GetString() == "package")
                .Select(library => (Name: library.Name.Split('/'), Place: library.Value.GetProperty("path").GetString()!))
                .Select(library => new RestoredPackage(library.Name[0], library.Name[1],
                    folders.Select(folder => Path.Combine(folder, library.Place)).FirstOrDefault(Directory.Exists)))];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw RewardKitException.Input($"{file} is not what a restore leaves ({e.Message}). Run: rewardkit plugin restore", e);
        }
    }

    /// <summary>The file in which a restore leaves what it found.</summary>
    public static string AssetsOf(string project) => Path.Combine(Path.GetDirectoryName(project)!, "obj", "project.assets.json");

    private static string Reasons(string output)
    {
        // "/folder/x.proj : error NU1101: Unable to find package ... [/folder/x.proj]"
        var errors = ErrorLine().Matches(output).Select(match => "  " + match.Groups[1].Value.Trim()).Distinct().ToArray();
        return errors.Length > 0 ? string.Join('\n', errors) : output.Trim();
    }

    [GeneratedRegex(@"error ((?:\w+)?\d*: .*?)(?: \[[^\]]*proj\])?\r?$", RegexOptions.Multiline)]
    private static partial Regex ErrorLine();
}

/// <summary>A package that NuGet restored.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Version">Its version.</param>
/// <param name="Folder">The folder it was unpacked to; null where it is gone.</param>
internal sealed record RestoredPackage(string Id, string Version, string? Folder)
{
    /// <summary>The folder in a package that holds the plugin, as its build published it.</summary>
    public const string PluginFolder = "plugin";

    /// <summary>The plugin's folder; null where the package holds none.</summary>
    public string? Plugin => Folder is null || !File.Exists(Path.Combine(Folder, PluginFolder, PluginManifest.FileName)) ? null : Path.Combine(Folder, PluginFolder);
}
