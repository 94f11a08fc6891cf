using System.Reflection.PortableExecutable;
using Microsoft.Extensions.DependencyInjection;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Plugins.Reloading;

/// <summary>
/// The plugins of a host that stays while they are rebuilt. Of each plugin folder it keeps a copy in its last sound state, a
/// generation; <see cref="Refresh"/> takes a new one where the folder has become another that is whole and can be loaded.
/// Runs use <see cref="Catalog"/> as it was when they began. Thread-safe.
/// </summary>
public sealed class PluginGenerations : IDisposable
{
    private readonly Func<PluginCatalog> _discover;
    private readonly string _copies;
    private readonly Dictionary<string, Generation> _current = [];
    private readonly Lock _lock = new();
    private PluginCatalog _found;
    private volatile PluginCatalog _catalog;
    private int _taken;

    // The manifest's files are the copy.
    private sealed record Generation(int Number, string Content, PluginManifest Manifest);

    /// <summary>Takes the first generation of each plugin, as it is.</summary>
    /// <param name="discover">Finds the plugins.</param>
    /// <exception cref="RewardKitException">They cannot be found.</exception>
    public PluginGenerations(Func<PluginCatalog> discover)
    {
        _discover = discover;
        _found = discover();
        _copies = Directory.CreateTempSubdirectory("rewardkit-generations-").FullName;
        foreach (var manifest in Manifests(_found))
            _current.Add(manifest.Folder, new(1, Content(manifest.Folder), Copy(manifest)));
        _catalog = _found.With(_current.Values.Select(g => g.Manifest));
    }

    /// <summary>The plugins in their present generations.</summary>
    public PluginCatalog Catalog => _catalog;

    /// <summary>What decides which plugins there are, and what they are.</summary>
    public IReadOnlyList<WatchedPath> Paths
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. _found.Sources.Select(s => new WatchedPath(s, 1)),
                    .. _current.Keys.Concat(Manifests(_found).Select(m => m.Folder)).Distinct().Select(f => new WatchedPath(f)),
                ];
            }
        }
    }

    /// <summary>Looks at the folders again.</summary>
    /// <returns>What has changed: new generations, and what cannot be used, which is said again each time.</returns>
    public IReadOnlyList<PluginChange> Refresh()
    {
        lock (_lock) return LookAtAll();
    }

    /// <summary>Removes the copies of earlier generations. To be called while no run is under way.</summary>
    public void Sweep()
    {
        lock (_lock)
        {
            var kept = _current.Values.Select(g => g.Manifest.Files).ToHashSet();
            foreach (var copy in Directory.GetDirectories(_copies).Where(c => !kept.Contains(c))) Directory.Delete(copy, recursive: true);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_copies, recursive: true);

    private List<PluginChange> LookAtAll()
    {
        var changes = new List<PluginChange>();
        var whole = true;
        try
        {
            _found = _discover();
        }
        catch (RewardKitException e)
        {
            // In the middle of a build there may be folders without a manifest. Those that are known are looked at one by one.
            whole = false;
            changes.Add(new(null, "The set of plugins", 0, e.Message));
        }
        var manifests = whole ? Manifests(_found).ToDictionary(m => m.Folder) : [];
        foreach (var folder in _current.Keys.Union(manifests.Keys).Order(StringComparer.Ordinal).ToArray())
        {
            if (whole && !manifests.ContainsKey(folder) && IsReplaced(folder, manifests.Values))
            {
                changes.Add(new(folder, Name(_current[folder].Manifest), 0, null));
                _current.Remove(folder);
            }
            else if (Look(folder, manifests.GetValueOrDefault(folder)) is { } change) changes.Add(change);
        }
        // The whole says no more than a folder does that it stumbled over.
        if (changes.Count(c => c.Problem is not null) > 1) changes.RemoveAll(c => c.Folder is null);
        _catalog = _found.With(_current.Values.Select(g => g.Manifest));
        return changes;
    }

    // A folder that is only gone comes back when its build is done; one whose plugins lie elsewhere now does not.
    private bool IsReplaced(string folder, IEnumerable<PluginManifest> manifests) => Directory.Exists(folder)
        ? File.Exists(Path.Combine(folder, PluginManifest.FileName))
        : _current[folder].Manifest.Plugins.Any(p => manifests.Any(m => m.Plugins.Any(q => (q.Kind, q.Id) == (p.Kind, p.Id))));

    private PluginChange? Look(string folder, PluginManifest? manifest)
    {
        var before = _current.GetValueOrDefault(folder);
        try
        {
            if (!Directory.Exists(folder)) throw RewardKitException.Input($"The folder {folder} is gone.");
            var content = Content(folder);
            if (content == before?.Content) return null;
            manifest = Copy(manifest ?? PluginManifest.Read(folder));
            if (Content(manifest.Files) != content) throw RewardKitException.Input($"{folder} is still being written.");
            Try(manifest);
            _current[folder] = new((before?.Number ?? 0) + 1, content, manifest);
            return new(folder, Name(manifest), _current[folder].Number, null);
        }
        catch (Exception e) when (e is RewardKitException or IOException or UnauthorizedAccessException)
        {
            return new(folder, before is null ? Path.GetFileName(folder) : Name(before.Manifest), before?.Number ?? 0, e.Message);
        }
    }

    // Loads it once, so that it is known to load.
    private static void Try(PluginManifest manifest)
    {
        if (manifest.Plugins.FirstOrDefault(p => p.Refusal is not null) is { } refused) throw RewardKitException.Input(refused.Refusal!);
        foreach (var file in Directory.EnumerateFiles(manifest.Files, "*.dll", SearchOption.AllDirectories))
        {
            if (!IsWhole(file))
                throw RewardKitException.Input($"Plugin folder {manifest.Folder}: {Path.GetRelativePath(manifest.Files, file)} is cut off or damaged.");
        }
        using var nothing = new ServiceCollection().BuildServiceProvider();
        using var plugin = new LoadedPlugin(manifest, nothing, new Unloads(nothing), _ => { });
    }

    private static bool IsWhole(string file)
    {
        try
        {
            using var image = new PEReader(File.OpenRead(file));
            var length = new FileInfo(file).Length;
            return image.PEHeaders.SectionHeaders.All(s => s.PointerToRawData + (long)s.SizeOfRawData <= length);
        }
        catch (BadImageFormatException)
        {
            return false;
        }
    }

    private PluginManifest Copy(PluginManifest manifest)
    {
        var copy = Path.Combine(_copies, $"{++_taken}");
        Directory.CreateDirectory(copy);
        PluginLoadContext.CopyFolder(manifest.Folder, copy);
        return manifest with { Files = copy };
    }

    // Read anew each time: a file that is written in place may keep its size and its time.
    private static string Content(string folder) => new FileHashes().Of(folder, Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories));

    private static IEnumerable<PluginManifest> Manifests(PluginCatalog catalog) => catalog.Plugins.Select(p => p.Manifest).DistinctBy(m => m.Folder);

    private static string Name(PluginManifest manifest) => $"{manifest.Name} {manifest.Version}";
}
