using System.Text;
using RewardKit.Hosting.Experiments;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Plugins.Packages;

/// <summary>
/// The plugin packages of a folder's scripts. What changes them asks NuGet to restore, and leaves everything as it was where
/// that fails; what reads them goes by what was restored, and refuses what has changed since.
/// </summary>
public sealed class PluginPackages
{
    private const string NuGetLock = "packages.lock.json";

    private PluginPackages(string project) => Project = project;

    /// <summary>The project that names them: <c>rewardkit.plugins.proj</c>.</summary>
    public string Project { get; }

    /// <summary>A project that names no package.</summary>
    public static string EmptyProject => PluginProject.Fresh;

    /// <summary>The files that decide which packages there are, whether or not they exist.</summary>
    internal IReadOnlyList<string> Files => [Project, PluginLock.FileOf(Project), NuGetClient.AssetsOf(Project)];

    /// <summary>The packages that hold for a folder: those of the nearest project in it or above it; null where there is none.</summary>
    /// <param name="folder">The folder of a script, say.</param>
    public static PluginPackages? Near(string folder)
    {
        for (var at = new DirectoryInfo(Path.GetFullPath(folder)); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, PluginProject.FileName))) return new(Path.Combine(at.FullName, PluginProject.FileName));
        return null;
    }

    /// <summary>As <see cref="Near"/>; where there is none, one in the folder itself, which is written when something is added.</summary>
    /// <param name="folder">The folder.</param>
    public static PluginPackages NearOrIn(string folder) => Near(folder) ?? new(Path.Combine(Path.GetFullPath(folder), PluginProject.FileName));

    /// <summary>The plugins in the packages, found by what was restored and checked against the lock; no code is loaded.</summary>
    /// <exception cref="RewardKitException">They are not restored, or a package's files are not those that were locked.</exception>
    public IReadOnlyList<PluginManifest> Read()
    {
        if (!File.Exists(Project)) return [];
        var named = PluginProject.Open(Project).Packages;
        if (named.Count == 0) return [];
        var (locked, restored) = (PluginLock.Read(Project), NuGetClient.Restored(Project));
        return [.. named.Select(package => Manifest(package.Id, package.Version, locked, restored))];
    }

    /// <summary>Adds a package, or takes another version of it.</summary>
    /// <param name="id">The package's id.</param>
    /// <param name="version">The version; null: the newest.</param>
    /// <param name="source">A further source of packages, a folder or an address, which the project remembers; null for none.</param>
    /// <param name="prerelease">Whether the newest may be a prerelease.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RewardKitException">NuGet does not find it, or it holds no plugin that this host can load.</exception>
    public PluginManifest Add(string id, string? version, string? source, bool prerelease, CancellationToken cancellation)
    {
        Change(project =>
        {
            if (source is not null) project.AddSource(Source(source));
            project.Set(id, version is null ? prerelease ? "*-*" : "*" : $"[{version}]");
        }, cancellation);
        return Read().Single(manifest => Is(manifest, id));
    }

    /// <summary>Takes the newest versions.</summary>
    /// <param name="id">Of which package; null: of all.</param>
    /// <param name="prerelease">Whether they may be prereleases.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>By package: its id, the version before, and the version now.</returns>
    /// <exception cref="RewardKitException">It is not among the packages, or as <see cref="Add"/>.</exception>
    public IReadOnlyList<(string Id, string Before, string Now)> Update(string? id, bool prerelease, CancellationToken cancellation)
    {
        var before = PluginLock.Read(Project);
        string[] ids = id is null ? [.. PluginProject.Open(Project).Packages.Select(package => package.Id)] : [Known(id)];
        if (ids.Length > 0)
            Change(project =>
            {
                foreach (var one in ids) project.Set(one, prerelease ? "*-*" : "*");
            }, cancellation);
        var now = PluginLock.Read(Project);
        return [.. ids.Select(one => (one, before.GetValueOrDefault(one)?.Version ?? "none", now[one].Version))];
    }

    /// <summary>Removes a package.</summary>
    /// <param name="id">The package's id.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RewardKitException">It is not among the packages.</exception>
    public void Remove(string id, CancellationToken cancellation)
    {
        Known(id);
        Change(project => project.Remove(id), cancellation);
    }

    /// <summary>Restores the packages that the project and its lock files name, as in a fresh clone.</summary>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="RewardKitException">NuGet refuses, or a package is not the one that was locked.</exception>
    public IReadOnlyList<PluginManifest> Restore(CancellationToken cancellation)
    {
        if (!File.Exists(Project)) throw NoProject();
        var locked = File.Exists(Beside(NuGetLock)) && File.Exists(PluginLock.FileOf(Project));
        if (locked) NuGetClient.Restore(Project, locked: true, cancellation);
        else Change(_ => { }, cancellation);
        return Read();
    }

    private void Change(Action<PluginProject> change, CancellationToken cancellation)
    {
        string[] files = [Project, Beside(NuGetLock), PluginLock.FileOf(Project)];
        var before = files.Select(file => File.Exists(file) ? File.ReadAllBytes(file) : null).ToArray();
        try
        {
            var project = PluginProject.Open(Project);
            change(project);
            Save(project);
            NuGetClient.Restore(Project, locked: false, cancellation);
            // "The newest" becomes the version that it was today, so that the lock file and a reader can rely on it.
            var restored = NuGetClient.Restored(Project)!;
            var floating = project.Packages.Where(package => package.Version.Contains('*')).ToArray();
            foreach (var (id, _) in floating) project.Set(id, $"[{Find(restored, id).Version}]");
            if (floating.Length > 0)
            {
                Save(project);
                NuGetClient.Restore(Project, locked: false, cancellation);
            }
            Lock(project, NuGetClient.Restored(Project)!);
        }
        catch
        {
            for (var i = 0; i < files.Length; i++)
            {
                if (before[i] is { } content) AtomicFile.Write(files[i], content);
                else File.Delete(files[i]);
            }
            // What NuGet left belongs to the change that was taken back; Read asks for a restore where it no longer fits.
            throw;
        }
    }

    private void Lock(PluginProject project, IReadOnlyList<RestoredPackage> restored)
    {
        var entries = new SortedDictionary<string, PluginLock.Entry>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, _) in project.Packages)
        {
            var package = Find(restored, id);
            var plugin = package.Plugin ?? throw RewardKitException.Input(
                $"The package {id} {package.Version} holds no plugin: it has no {RestoredPackage.PluginFolder}/{PluginManifest.FileName}. "
                + "A plugin package is made by `dotnet pack` of a project with the RewardKit plugin SDK.");
            PluginManifest.Read(plugin);
            entries.Add(id, new(package.Version, PluginLock.Hash(plugin)));
        }
        AtomicFile.Write(PluginLock.FileOf(Project), PluginLock.Write(entries));
    }

    private PluginManifest Manifest(string id, string version, SortedDictionary<string, PluginLock.Entry> locked, IReadOnlyList<RestoredPackage>? restored)
    {
        var package = restored?.FirstOrDefault(p => string.Equals(p.Id, id, StringComparison.OrdinalIgnoreCase));
        if (package?.Plugin is not { } plugin || !locked.TryGetValue(id, out var entry) || version.Trim('[', ']') != entry.Version || package.Version != entry.Version)
            throw RewardKitException.Input($"{Project} names the plugin package {id} {version.Trim('[', ']')}, which is not restored here. Run: rewardkit plugin restore");
        if (PluginLock.Hash(plugin) != entry.Sha256)
            throw RewardKitException.Input(
                $"The files of the plugin package {id} {entry.Version} in {plugin} are not those that {PluginLock.FileOf(Project)} was made for, so they are not "
                + "loaded. If the package is yours and was made anew under the same version, remove that folder and run `rewardkit plugin add "
                + $"{id} --version {entry.Version}`; otherwise find out who changed it.");
        return PluginManifest.Read(plugin) with { Package = $"{package.Id} {package.Version}" };
    }

    private string Known(string id) => PluginProject.Open(Project).Packages.FirstOrDefault(p => string.Equals(p.Id, id, StringComparison.OrdinalIgnoreCase)).Id
        ?? throw (File.Exists(Project) ? NotNamed(id) : NoProject());

    private RewardKitException NotNamed(string id)
    {
        var names = PluginProject.Open(Project).Packages.Select(package => package.Id).ToList();
        return RewardKitException.Input($"{Project} does not name a package {id}.{NearNames.Sentence(id, names)} "
            + (names.Count == 0 ? "It names none." : $"It names: {string.Join(", ", names)}."));
    }

    private RewardKitException NoProject() =>
        RewardKitException.Input($"There is no {PluginProject.FileName} in {Path.GetDirectoryName(Project)} or above it. `rewardkit plugin add ID` begins one.");

    private string Source(string source) => Directory.Exists(source) ? Path.GetRelativePath(Path.GetDirectoryName(Project)!, Path.GetFullPath(source))
        : Uri.TryCreate(source, UriKind.Absolute, out _) ? source
        : throw RewardKitException.Input($"The package source {source} is neither a folder nor an address.");

    private void Save(PluginProject project) => AtomicFile.Write(Project, Encoding.UTF8.GetBytes(project.ToString()));

    private string Beside(string name) => Path.Combine(Path.GetDirectoryName(Project)!, name);

    private static RestoredPackage Find(IReadOnlyList<RestoredPackage> restored, string id) =>
        restored.FirstOrDefault(package => string.Equals(package.Id, id, StringComparison.OrdinalIgnoreCase))
        ?? throw RewardKitException.Failure($"NuGet restored no package {id}.");

    private static bool Is(PluginManifest manifest, string id) =>
        manifest.Package!.StartsWith(id + " ", StringComparison.OrdinalIgnoreCase);
}
