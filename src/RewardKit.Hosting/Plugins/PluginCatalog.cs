using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins.Packages;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Plugins;

/// <summary>A plugin in a catalog: its own description, and the manifest of the folder it lies in.</summary>
/// <param name="Manifest">The folder's manifest.</param>
/// <param name="Description">The plugin's description.</param>
public sealed record CatalogEntry(PluginManifest Manifest, PluginDescription Description);

/// <summary>The plugins that are installed, known from their manifests alone: nothing is loaded.</summary>
public sealed class PluginCatalog
{
    /// <summary>The environment variable with further folders, separated like those in <c>PATH</c>.</summary>
    public const string FoldersVariable = "REWARDKIT_PLUGINS";

    private readonly List<CatalogEntry> _entries = [];
    private readonly List<string> _rejected = [];
    private readonly List<string> _roots = [];
    private readonly List<string> _packageFiles = [];

    private PluginCatalog() { }

    /// <summary>Every plugin, by kind and id.</summary>
    public IReadOnlyList<CatalogEntry> Plugins => _entries;

    /// <summary>The folders and files that decide which plugins there are.</summary>
    internal IEnumerable<string> Sources => _roots.Concat(_packageFiles);

    /// <summary>Why folders beside the host were left out, a message each.</summary>
    public IReadOnlyList<string> Rejected => _rejected;

    /// <summary>
    /// Finds plugins in the folder <c>plugins</c> within or beside the host's own folder, in the folders that
    /// <see cref="FoldersVariable"/> names, in those given here, and in the packages of the nearest
    /// <c>rewardkit.plugins.proj</c>.
    /// </summary>
    /// <param name="folders">Folders of plugin folders, or single plugin folders.</param>
    /// <param name="near">The folder whose packages count: a script's; null: the current one.</param>
    /// <exception cref="RewardKitException">
    /// A named folder does not exist or holds no plugin, or two plugins of a kind have the same id. Broken folders beside
    /// the host do not stop others from working: they are told of when a plugin is not found.
    /// </exception>
    public static PluginCatalog Discover(IEnumerable<string> folders, string? near = null)
    {
        var catalog = new PluginCatalog();
        foreach (var beside in (string[])["plugins", "../plugins"])
        {
            var root = Path.Combine(AppContext.BaseDirectory, beside);
            if (Directory.Exists(root))
                catalog.Add(root, named: false);
        }
        var variable = Environment.GetEnvironmentVariable(FoldersVariable) ?? "";
        foreach (var root in variable.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
            catalog.Add(root, named: true);
        var packages = PluginPackages.NearOrIn(near ?? Directory.GetCurrentDirectory());
        catalog._packageFiles.AddRange(packages.Files);
        foreach (var manifest in packages.Read())
            catalog.Add(manifest);
        return catalog.AddNamed(folders);
    }

    /// <summary>Finds plugins in the given folders only.</summary>
    /// <param name="folders">Folders of plugin folders, or single plugin folders.</param>
    /// <exception cref="RewardKitException">As <see cref="Discover"/>.</exception>
    public static PluginCatalog Of(params IEnumerable<string> folders) => new PluginCatalog().AddNamed(folders);

    /// <summary>A catalog of the same places with other manifests.</summary>
    internal PluginCatalog With(IEnumerable<PluginManifest> manifests)
    {
        var catalog = new PluginCatalog();
        catalog._roots.AddRange(_roots);
        catalog._packageFiles.AddRange(_packageFiles);
        catalog._rejected.AddRange(_rejected);
        foreach (var manifest in manifests) catalog.Add(manifest);
        return catalog.AddNamed([]);
    }

    /// <summary>Finds a plugin.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="id">The id.</param>
    /// <exception cref="RewardKitException">
    /// There is none (the message suggests the nearest), or it was built for another contract.
    /// </exception>
    public CatalogEntry Find(PluginKind kind, string id)
    {
        var entry = _entries.FirstOrDefault(e => e.Description.Kind == kind && e.Description.Id == id) ?? throw Unknown(kind, id);
        return entry.Description.Refusal is { } refusal ? throw RewardKitException.Input(refusal) : entry;
    }

    /// <summary>Finds the plugins of an id, of whatever kind.</summary>
    /// <param name="id">The id.</param>
    /// <param name="hint">What to say behind the message where there is none.</param>
    /// <exception cref="RewardKitException">There is none.</exception>
    public IReadOnlyList<CatalogEntry> FindAll(string id, string hint = "")
    {
        CatalogEntry[] found = [.. _entries.Where(e => e.Description.Id == id)];
        string[] known = [.. _entries.Select(e => e.Description.Id).Distinct()];
        return found.Length > 0 ? found : throw RewardKitException.Input(
            $"There is no plugin \"{id}\".{NearNames.Sentence(id, known)} Installed: {string.Join(", ", known)}.{hint}");
    }

    /// <summary>
    /// Checks a use from the manifest alone: the id, the contract version, and each option's name, type and range. Cheap:
    /// meant for all uses of a script before any work starts.
    /// </summary>
    /// <param name="use">The use.</param>
    /// <exception cref="RewardKitException">What is wrong with it.</exception>
    public void Validate(PluginUse use) => OptionCheck.Check(Find(use.Kind, use.Id).Description, use);

    private PluginCatalog AddNamed(IEnumerable<string> folders)
    {
        foreach (var root in folders)
            Add(root, named: true);
        _entries.Sort((a, b) => (a.Description.Kind, b.Description.Kind) is var (x, y) && x != y
            ? x.CompareTo(y) : string.CompareOrdinal(a.Description.Id, b.Description.Id));
        return this;
    }

    private void Add(string root, bool named)
    {
        root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        if (!Directory.Exists(root))
            throw RewardKitException.Input($"The plugin folder {root} does not exist.");
        if (_roots.Contains(root))
            return;
        _roots.Add(root);

        // A folder is a plugin's if it has a manifest, or an assembly that lost its manifest.
        var candidates = HasPlugin(root) ? [root] : Directory.GetDirectories(root).Where(HasPlugin).Order(StringComparer.Ordinal).ToArray();
        if (named && candidates.Length == 0)
            throw RewardKitException.Input(
                $"{root} holds no plugin: neither it nor a folder in it has a {PluginManifest.FileName}. Building a plugin "
                + "project writes one; copy its whole output folder.");
        foreach (var folder in candidates.Where(f => _entries.All(e => e.Manifest.Folder != f)))
        {
            PluginManifest manifest;
            try
            {
                manifest = PluginManifest.Read(folder);
            }
            catch (RewardKitException e) when (!named)
            {
                _rejected.Add(e.Message);
                continue;
            }
            Add(manifest);
        }
    }

    private static bool HasPlugin(string folder) =>
        File.Exists(Path.Combine(folder, PluginManifest.FileName)) || Directory.EnumerateFiles(folder, "*.dll").Any();

    private void Add(PluginManifest manifest)
    {
        foreach (var description in manifest.Plugins)
        {
            if (_entries.FirstOrDefault(e => (e.Description.Kind, e.Description.Id) == (description.Kind, description.Id)) is { } twin)
                throw RewardKitException.Input(
                    $"Two folders hold the {description.Label}: {twin.Manifest.Folder} and {manifest.Folder}. Remove one.");
            _entries.Add(new(manifest, description));
        }
    }

    private RewardKitException Unknown(PluginKind kind, string id)
    {
        var name = kind.ToString().ToLowerInvariant();
        var known = _entries.Where(e => e.Description.Kind == kind).Select(e => e.Description.Id).ToList();
        var message = $"There is no {name} \"{id}\".{NearNames.Sentence(id, known)} ";
        message += known.Count > 0 ? $"Installed: {string.Join(", ", known)}."
            : _roots.Count > 0 ? $"No {name} is installed in {string.Join(", ", _roots)}."
            : "No plugin folder was found: name one with --plugins FOLDER or " + FoldersVariable + ".";
        if (_entries.FirstOrDefault(e => e.Description.Id == id) is { } other)
            message += $" The {other.Description.Label} is another kind.";
        return RewardKitException.Input(string.Concat([message, .. _rejected.Select(r => "\nNot usable: " + r)]));
    }
}
