using System.Reflection;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using TorchSharp;

namespace RewardKit.Conformance;

/// <summary>What the rules are tested on: a way to make a plugin, and what is known of it.</summary>
public abstract class Subject
{
    private readonly Lazy<PluginAttribute?> _attribute;
    private PluginTraits? _traits;

    private protected Subject() => _attribute = new(() => Make().GetType().GetCustomAttribute<PluginAttribute>());

    /// <summary>The plugin's kind.</summary>
    public abstract PluginKind Kind { get; }

    /// <summary>What the plugin promises beyond its contract; those of its attribute unless set.</summary>
    public PluginTraits Traits { get => _traits ?? _attribute.Value?.Traits ?? PluginTraits.None; set => _traits = value; }

    /// <summary>
    /// The folder that its build wrote, with its <c>plugin.json</c>; without it, what depends on it is not tested.
    /// </summary>
    public string? Folder { get; set; }

    /// <summary>The options that it has where it is loaded from its folder; what is left out has its default.</summary>
    public IReadOnlyDictionary<string, object> Options { get; set; } = new Dictionary<string, object>();

    /// <summary>The plugin's id there; the attribute's unless set.</summary>
    public string? Id { get => field ?? _attribute.Value?.Id; init; }

    /// <summary>Makes a plugin that nobody has used.</summary>
    internal abstract object Make();

    /// <summary>Uses a plugin a little and writes down everything it says.</summary>
    /// <param name="plugin">One that this subject, or its like, made.</param>
    /// <param name="scenario">Decides the input; scenarios 0 and 1 differ.</param>
    /// <param name="seed">Decides the plugin's random choices.</param>
    /// <param name="device">Where tensors lie.</param>
    internal abstract Transcript Use(object plugin, int scenario, int seed, torch.Device device);

    /// <summary>The same subject over a plugin that a session loads.</summary>
    internal abstract Subject Over(PluginSession session, PluginUse use);

    /// <summary>Works that go on for seconds unless their token stops them; none where the contract has no token.</summary>
    internal virtual IReadOnlyList<(string What, Action<object, CancellationToken> Work)> LongWorks => [];

    /// <summary>Whether the contract's tensors can lie on a GPU.</summary>
    internal virtual bool HasDevice => false;

    private protected PluginAttribute? Attribute => _attribute.Value;

    internal bool Has(PluginTraits trait) => (Traits & trait) != 0;

    /// <summary>Uses a new plugin on the CPU.</summary>
    internal Transcript UseNew(int scenario, int seed) => Use(Make(), scenario, seed, torch.CPU);
}
