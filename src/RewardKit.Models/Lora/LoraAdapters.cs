using RewardKit.Models.Safetensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>
/// The low-rank adapters of a model, by name, of which one is in use, or none. With the first one the model's own weights
/// are frozen: from then on only the adapter in use has parameters with <c>requires_grad</c>, its factors in float32, and,
/// in a reward model with a scalar head, a head of its own, which starts as a copy of the model's. Dropout acts after
/// <c>train()</c> and follows torch's seed.
/// </summary>
public sealed class LoraAdapters
{
    private const string Asked = "The adapter's options";

    private readonly CausalModel _model;
    private readonly Dictionary<string, Adapter> _adapters = new(StringComparer.Ordinal);
    private readonly List<(Parameter Weight, Tensor? Kept)> _merged = [];

    internal LoraAdapters(CausalModel model) => _model = model;

    /// <summary>An adapter's parts.</summary>
    /// <param name="Options">What it was made with.</param>
    /// <param name="Layers">What it changes, by the layer's name.</param>
    /// <param name="Head">Its scalar head; null in models without one.</param>
    private sealed record Adapter(LoraOptions Options, IReadOnlyList<(string Name, Projection Target, LoraLayer Layer)> Layers, RewardHeads? Head)
    {
        public IEnumerable<Parameter> Parameters => Layers.SelectMany(l => (Parameter[])[l.Layer.A, l.Layer.B]).Concat(Head?.Parameters.Select(p => p.Parameter) ?? []);
    }

    /// <summary>The names.</summary>
    public IReadOnlyCollection<string> Names => _adapters.Keys;

    /// <summary>The adapter in use; null: none, the model is its base.</summary>
    public string? Active { get; private set; }

    /// <summary>Whether the adapter in use is written into the model's weights.</summary>
    public bool Merged { get; private set; }

    /// <summary>What an adapter was made with.</summary>
    /// <param name="name">The adapter.</param>
    public LoraOptions OptionsOf(string name) => Need(name).Options;

    /// <summary>
    /// Makes an adapter and uses it. A is uniform in ±1/√inputs and B zero, as PEFT starts them, so that the model gives what
    /// it gave. The numbers depend on the seed and the layer's name only.
    /// </summary>
    /// <param name="name">A new name, without dots.</param>
    /// <param name="options">Rank, scale and targets.</param>
    /// <param name="seed">Decides A.</param>
    /// <exception cref="RewardKitException">The options are out of range or name unknown layers, or the name is taken.</exception>
    public void Add(string name, LoraOptions options, int seed) =>
        Add(name, options.Checked(Asked), Asked, new UntrainedFactors(seed, Place), _model.HeadToAdapt is { } head ? new Copies(head, Place.Type) : null, null);

    /// <summary>Loads an adapter from a folder in PEFT's layout, made on the same base, and uses it.</summary>
    /// <param name="name">A new name, without dots.</param>
    /// <param name="folder">A folder with <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>.</param>
    /// <exception cref="RewardKitException">
    /// It asks for something not supported, or its tensors do not fit this model; the message names them with their shapes.
    /// </exception>
    public void Load(string name, string folder)
    {
        var config = AdapterConfig.Load(folder);
        using var file = AdapterFile.Open(folder);
        var head = _model.HeadToAdapt;
        // A language model's adapter has no head; a reward model's has one, unless it was not trained.
        var stored = head is not null && file.HasHead;
        Add(
            name, config.Options, config.Path, file.Factors(Place), stored ? file.Head(Place) : head is null ? null : new Copies(head, Place.Type),
            layers => file.Check(layers, stored ? head : null, config.Options.Rank));
    }

    /// <summary>Uses another adapter.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="RewardKitException">There is none of this name, or one is merged.</exception>
    public void Use(string name)
    {
        var adapter = Need(name);
        RefuseMerged();
        Switch(adapter);
        foreach (var (other, parts) in _adapters)
            foreach (var parameter in parts.Parameters) parameter.requires_grad = other == name;
        Active = name;
    }

    /// <summary>
    /// Switches adapters off until the result is disposed. The model then gives what its base gives, to the last bit, its
    /// scalar head included.
    /// </summary>
    /// <exception cref="RewardKitException">An adapter is merged.</exception>
    public IDisposable Off()
    {
        RefuseMerged();
        var active = Active;
        Switch(null);
        Active = null;
        return new Back(() =>
        {
            if (active is null) return;
            Switch(_adapters[active]);
            Active = active;
        });
    }

    /// <summary>
    /// Writes the adapter in use into the weights, W + scale · B A rounded to their type: the same scores to 1e-5 in float32,
    /// and as far as rounding allows in bfloat16 and float16. <see cref="CausalModel.Save"/> then writes a whole model.
    /// </summary>
    /// <param name="keepBase">
    /// Keeps the changed weights as they were, so that <see cref="Unmerge"/> brings them back to the last bit: subtracting
    /// would not. That takes their memory a second time; without it there is no way back.
    /// </param>
    /// <exception cref="RewardKitException">No adapter is in use, or it is merged already.</exception>
    public void Merge(bool keepBase = true)
    {
        if (Active is null) throw RewardKitException.Input("There is no adapter in use to merge.");
        RefuseMerged();
        using var _ = no_grad();
        foreach (var (_, target, layer) in _adapters[Active].Layers)
        {
            using var scope = NewDisposeScope();
            _merged.Add((target.Weight, keepBase ? target.Weight.detach().clone().DetachFromDisposeScope() : null));
            target.Weight.copy_(target.Weight.to_type(layer.A.dtype) + layer.Change());
            target.Adapter = null;
        }
        Merged = true;
    }

    /// <summary>Brings the weights back as they were before <see cref="Merge"/>, and uses the adapter beside them again.</summary>
    /// <exception cref="RewardKitException">No adapter is merged, or the weights were not kept.</exception>
    public void Unmerge()
    {
        if (!Merged) throw RewardKitException.Input("No adapter is merged.");
        if (_merged.Any(entry => entry.Kept is null))
            throw RewardKitException.Input("The adapter was merged without keeping the base; load the base again.");
        using var _ = no_grad();
        foreach (var (weight, kept) in _merged)
        {
            weight.copy_(kept!);
            kept!.Dispose();
        }
        _merged.Clear();
        Merged = false;
        Switch(_adapters[Active!]);
    }

    /// <summary>The parameters of all adapters.</summary>
    internal IEnumerable<Parameter> Parameters => _adapters.Values.SelectMany(adapter => adapter.Parameters);

    /// <summary>The names of the layers that the adapter in use changes.</summary>
    internal IReadOnlyList<string> Targets => [.. _adapters[Active!].Layers.Select(layer => layer.Name)];

    /// <summary>The tensors of the adapter in use under PEFT's names. Those that are no parameters are the caller's.</summary>
    internal IEnumerable<KeyValuePair<string, Tensor>> Tensors()
    {
        var adapter = _adapters[Active!];
        foreach (var (name, _, layer) in adapter.Layers)
        {
            yield return KeyValuePair.Create(AdapterFile.NameOfA(name), (Tensor)layer.A);
            yield return KeyValuePair.Create(AdapterFile.NameOfB(name), (Tensor)layer.B);
        }
        if (adapter.Head is { } head)
            foreach (var (name, saved) in head.Saved()) yield return KeyValuePair.Create(AdapterFile.NameOfHead(name), saved);
    }

    /// <summary>Frees what merging kept.</summary>
    internal void Free() => _merged.ForEach(entry => entry.Kept?.Dispose());

    private Placement Place => new(_model.Type == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32, _model.Device);

    private void Add(
        string name, LoraOptions options, string where, IParameterSource factors, IParameterSource? heads, Action<IReadOnlyList<(string, Projection)>>? check)
    {
        if (name.Length == 0 || name.Contains('.')) throw RewardKitException.Input($"\"{name}\" is no name for an adapter; expected one without dots.");
        if (_adapters.ContainsKey(name)) throw RewardKitException.Input($"There is an adapter \"{name}\" already; give the new one another name.");
        RefuseMerged();
        var projections = _model.Decoder.named_modules().Where(entry => entry.module is Projection)
            .Select(entry => (Name: "model." + entry.name, Target: (Projection)entry.module)).ToList();
        var chosen = options.Among([.. projections.Select(p => p.Name)], where).ToHashSet(StringComparer.Ordinal);
        var targets = projections.Where(p => chosen.Contains(p.Name)).ToList();
        check?.Invoke(targets);

        if (_adapters.Count == 0)
            foreach (var parameter in _model.parameters()) parameter.requires_grad = false;
        var layers = targets.Select(t => (t.Name, t.Target, Layer(t.Name, t.Target))).ToList();
        foreach (var (_, target, layer) in layers) target.Hang(name, layer);
        _adapters.Add(name, new(options, layers, heads is null ? null : _model.AddHead(name, new ModelWeights(heads))));
        Use(name);

        LoraLayer Layer(string path, Projection target) => new(
            factors.Take(AdapterFile.NameOfA(path), Start.Normal, [options.Rank, target.Weight.size(1)]),
            factors.Take(AdapterFile.NameOfB(path), Start.Zeros, [target.Weight.size(0), options.Rank]), options);
    }

    private void Switch(Adapter? adapter)
    {
        foreach (var (_, target, _) in _adapters.Values.SelectMany(other => other.Layers)) target.Adapter = null;
        foreach (var (_, target, layer) in adapter?.Layers ?? []) target.Adapter = layer;
        _model.UseHead(adapter?.Head);
    }

    private Adapter Need(string name) => _adapters.TryGetValue(name, out var adapter) ? adapter : throw RewardKitException.Input(
        $"There is no adapter \"{name}\"{(_adapters.Count == 0 ? "" : $"; the adapters are {string.Join(", ", _adapters.Keys)}")}.");

    private void RefuseMerged()
    {
        if (Merged) throw RewardKitException.Input($"The adapter \"{Active}\" is merged into the weights; unmerge it first.");
    }

    private sealed class Back(Action undo) : IDisposable
    {
        private Action? _undo = undo;

        public void Dispose()
        {
            _undo?.Invoke();
            _undo = null;
        }
    }
}
