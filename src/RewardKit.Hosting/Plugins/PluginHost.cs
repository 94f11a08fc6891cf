using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Plugins;

/// <summary>Makes plugins from a catalog. Plugins are code and run with the user's rights.</summary>
public sealed class PluginHost
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private readonly IServiceProvider _services;
    private readonly Action<string> _warn;
    private readonly Unloads _unloads;
    private readonly HashSet<string> _used = [];

    /// <summary>Prepares to make plugins.</summary>
    /// <param name="catalog">The installed plugins.</param>
    /// <param name="services">What plugins may ask for in their constructors beside their options; null for nothing.</param>
    /// <param name="warn">Told in a sentence what goes wrong when nothing can be done about it any more; null for nobody.</param>
    public PluginHost(PluginCatalog catalog, IServiceProvider? services = null, Action<string>? warn = null)
    {
        Catalog = catalog;
        _services = services ?? new NoServices();
        _warn = warn ?? (_ => { });
        _unloads = new(_services);
    }

    // A container, too, would have none, and takes a noticeable part of the time that a compiled script needs to start.
    private sealed class NoServices : IServiceProvider
    {
        public object? GetService(Type serviceType) => serviceType == typeof(IServiceProvider) ? this : null;
    }

    /// <summary>The installed plugins.</summary>
    public PluginCatalog Catalog { get; }

    /// <summary>Begins a time in which plugins are in use, such as a run.</summary>
    public PluginSession Open() => new(Catalog, _services, _unloads, _warn, folder => _used.Add(folder));

    /// <summary>The folders of the plugins that its sessions asked for, whether or not they could be loaded.</summary>
    public IReadOnlySet<string> Used => _used;

    /// <summary>
    /// Waits until all plugins of the sessions that have ended are gone from memory; their objects must no longer be held.
    /// </summary>
    /// <param name="patience">How long to wait for what may end by itself; two seconds if not said.</param>
    /// <returns>Those that stay, each told once.</returns>
    public IReadOnlyList<StuckPlugin> WaitForUnload(TimeSpan? patience = null) => _unloads.Wait(patience ?? Patience);
}

/// <summary>
/// Loads plugin folders as they are asked for, and unloads them when disposed; their objects must then no longer be
/// used. A session keeps the generation it loaded, whatever a build writes meanwhile. Not thread-safe.
/// </summary>
public sealed class PluginSession : IPluginSource, IDisposable
{
    private readonly Dictionary<string, LoadedPlugin> _loaded = [];
    private readonly PluginCatalog _catalog;
    private readonly IServiceProvider _services;
    private readonly Unloads _unloads;
    private readonly Action<string> _warn;
    private readonly Action<string> _used;

    internal PluginSession(PluginCatalog catalog, IServiceProvider services, Unloads unloads, Action<string> warn, Action<string> used) =>
        (_catalog, _services, _unloads, _warn, _used) = (catalog, services, unloads, warn, used);

    /// <summary>Makes a loss.</summary>
    /// <param name="use">Its id and options.</param>
    /// <exception cref="RewardKitException">The plugin, an option or the folder is refused; the message says why.</exception>
    public ILoss CreateLoss(PluginUse use) => Create<ILoss>(PluginKind.Loss, use);

    /// <summary>Makes an augmenter.</summary>
    /// <param name="use">Its id and options.</param>
    /// <exception cref="RewardKitException">As <see cref="CreateLoss"/>.</exception>
    public IAugmenter CreateAugmenter(PluginUse use) => Create<IAugmenter>(PluginKind.Augmenter, use);

    /// <summary>Makes an evaluator.</summary>
    /// <param name="use">Its id and options.</param>
    /// <exception cref="RewardKitException">As <see cref="CreateLoss"/>.</exception>
    public IEvaluator CreateEvaluator(PluginUse use) => Create<IEvaluator>(PluginKind.Evaluator, use);

    /// <summary>Makes a decoder.</summary>
    /// <param name="use">Its id and options.</param>
    /// <exception cref="RewardKitException">As <see cref="CreateLoss"/>.</exception>
    public IDecoder CreateDecoder(PluginUse use) => Create<IDecoder>(PluginKind.Decoder, use);

    /// <summary>Makes a scorer composer.</summary>
    /// <param name="use">Its id and options.</param>
    /// <exception cref="RewardKitException">As <see cref="CreateLoss"/>.</exception>
    public IScorerComposer CreateComposer(PluginUse use) => Create<IScorerComposer>(PluginKind.Composer, use);

    /// <summary>Makes a weight merger.</summary>
    /// <param name="use">Its id and options.</param>
    /// <exception cref="RewardKitException">As <see cref="CreateLoss"/>.</exception>
    public IWeightMerger CreateMerger(PluginUse use) => Create<IWeightMerger>(PluginKind.Merger, use);

    /// <inheritdoc/>
    public PluginUse Complete(PluginUse use)
    {
        var description = _catalog.Find(use.Kind, use.Id).Description;
        var set = OptionCheck.Check(description, use).ToDictionary(v => v.Option.Name, v => v.Value);
        return use with { Given = use.Given ?? [.. use.Options.Keys], Options = description.Options.ToDictionary(o => o.Name, o => set.GetValueOrDefault(o.Name, o.Default)!) };
    }

    /// <inheritdoc/>
    public PluginDescription Describe(PluginUse use) => _catalog.Find(use.Kind, use.Id).Description;

    /// <inheritdoc/>
    public string ContentHash(PluginUse use) => Load(_catalog.Find(use.Kind, use.Id).Manifest).ContentHash;

    /// <summary>Unloads everything this session loaded.</summary>
    public void Dispose()
    {
        foreach (var plugin in _loaded.Values)
            plugin.Dispose();
        _loaded.Clear();
    }

    private T Create<T>(PluginKind kind, PluginUse use) where T : class
    {
        if (use.Kind != kind)
            throw new ArgumentException($"\"{use.Id}\" is used as {use.Kind}, not {kind}.", nameof(use));
        var (manifest, description) = _catalog.Find(kind, use.Id);
        OptionCheck.Check(description, use);
        return Load(manifest).Create<T>(description, use);
    }

    private LoadedPlugin Load(PluginManifest manifest)
    {
        _used(manifest.Folder);
        if (!_loaded.TryGetValue(manifest.Folder, out var plugin))
            _loaded.Add(manifest.Folder, plugin = new LoadedPlugin(manifest, _services, _unloads, _warn));
        return plugin;
    }
}
