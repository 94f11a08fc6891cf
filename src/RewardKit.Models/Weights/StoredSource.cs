using RewardKit.Models.Safetensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>
/// The parameters of a checkpoint, each read straight into its place. A model is made twice: first as a rehearsal, in which
/// parameters are empty and every misfit is noted, so that a checkpoint that does not fit is refused before memory is spent.
/// </summary>
/// <param name="reader">The checkpoint.</param>
/// <param name="place">The parameters' type and device.</param>
/// <param name="fresh">Gives the parameters that the checkpoint need not have; null: it must have all.</param>
/// <param name="isFresh">Which these are.</param>
internal sealed class StoredSource(
    SafetensorsReader reader, Placement place, IParameterSource? fresh, Func<string, bool> isFresh) : IParameterSource, IDisposable
{
    // More than these nobody reads, and a configuration may ask for millions of layers.
    private const int MostProblems = 100;

    private readonly List<string> _problems = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<Parameter> _made = [];
    private bool _rehearsal;

    /// <summary>Makes the model, or refuses the checkpoint.</summary>
    /// <param name="make">Makes the model from this source.</param>
    /// <param name="isSpare">Which tensors of the checkpoint may go unused.</param>
    /// <exception cref="RewardKitException">Tensors are missing, surplus or misshapen; they are named with the shapes.</exception>
    public T Make<T>(Func<ModelWeights, T> make, Func<string, bool> isSpare) where T : nn.Module
    {
        _rehearsal = true;
        make(new(this)).Dispose();
        foreach (var entry in reader.Entries)
            if (!_known.Contains(entry.Name) && !isSpare(entry.Name))
                _problems.Add($"{entry.Name} with shape {SafetensorsFormat.ShapeText(entry.Shape)} has no place in this architecture");
        RefuseProblems();
        (_rehearsal, var rehearsed) = (false, _made.ToArray());
        _made.Clear();
        foreach (var parameter in rehearsed) parameter.Dispose();
        var model = make(new(this));
        _made.Clear();
        return model;
    }

    public Parameter Take(string name, Start start, long[] shape)
    {
        var parameter = !_rehearsal ? Read(name, start, shape) : nn.Parameter(empty(0));
        _made.Add(parameter);
        if (!_rehearsal) return parameter;
        _known.Add(name);
        var expected = SafetensorsFormat.ShapeText(shape);
        if (reader.Find(name) is not { } entry)
        {
            if (fresh is null || !isFresh(name)) _problems.Add($"{name} is missing, expected with shape {expected}");
        }
        else if (!entry.Shape.SequenceEqual(shape))
        {
            _problems.Add($"{name} has shape {SafetensorsFormat.ShapeText(entry.Shape)}, expected {expected}");
        }
        else if (!entry.IsFloating)
        {
            _problems.Add($"{name} is of type {entry.Type}, and weights are floating-point numbers (quantized weights are not supported)");
        }
        if (_problems.Count >= MostProblems) RefuseProblems();
        return parameter;
    }

    /// <summary>Frees what was made of a model that failed half-way.</summary>
    public void Dispose() => _made.ForEach(parameter => parameter.Dispose());

    private Parameter Read(string name, Start start, long[] shape)
    {
        if (reader.Find(name) is not { } entry) return fresh!.Take(name, start, shape);
        using var _ = no_grad();
        // One row costs nothing, and a reward keeps the bits it was trained with.
        var type = isFresh(name) && entry.ElementSize > SafetensorsFormat.FromType(place.Type).Size ? entry.Type : place.Type;
        var values = empty(shape, dtype: type, device: place.Device);
        try
        {
            reader.ReadInto(name, values);
            return nn.Parameter(values);
        }
        catch
        {
            values.Dispose();
            throw;
        }
    }

    private void RefuseProblems()
    {
        if (_problems.Count == 0) return;
        var more = _problems.Count > 4 ? $"; and {(_problems.Count >= MostProblems ? "many" : _problems.Count - 4)} more" : "";
        throw RewardKitException.Input($"{reader.Path} does not fit its {ConfigFile.Name}: {string.Join("; ", _problems.Take(4))}{more}.");
    }
}
