using RewardKit.Models.Safetensors;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>
/// The tensors of an adapter in PEFT's layout: <c>base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight</c>, and
/// the scalar head as <c>base_model.model.score.weight</c>, with further outputs as <c>base_model.model.extra_scores.weight</c>.
/// </summary>
internal sealed class AdapterFile : IDisposable
{
    public const string Name = "adapter_model.safetensors";

    private const string Prefix = "base_model.model.";
    private const int MostProblems = 4;

    private readonly SafetensorsReader _reader;

    private AdapterFile(SafetensorsReader reader) => _reader = reader;

    public static string NameOfA(string layer) => $"{Prefix}{layer}.lora_A.weight";

    public static string NameOfB(string layer) => $"{Prefix}{layer}.lora_B.weight";

    /// <param name="parameter">As <c>score.weight</c>.</param>
    public static string NameOfHead(string parameter) => Prefix + parameter;

    /// <summary>Opens the file of a folder.</summary>
    public static AdapterFile Open(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
            throw RewardKitException.Input($"{folder}: expected {Name} beside {AdapterConfig.Name}."
                + (File.Exists(Path.Combine(folder, "adapter_model.bin")) ? " Convert its adapter_model.bin to safetensors first." : ""));
        return new(SafetensorsReader.Open(path));
    }

    /// <summary>Whether the scalar head was saved with the adapter.</summary>
    public bool HasHead => _reader.Find(NameOfHead($"{RewardHeads.First}.weight")) is not null;

    /// <summary>Whether that head has a bias.</summary>
    public bool HasHeadBias => _reader.Find(NameOfHead($"{RewardHeads.First}.bias")) is not null;

    /// <summary>The outputs of that head.</summary>
    public int Outputs => 1 + (_reader.Find(NameOfHead($"{RewardHeads.Further}.weight")) is { Shape: [var further, ..] } ? (int)Math.Min(further, int.MaxValue - 1) : 0);

    /// <summary>Refuses an adapter that does not fit its layers.</summary>
    /// <param name="layers">What its configuration names.</param>
    /// <param name="head">The head that it brings a copy of; null: none.</param>
    /// <param name="rank">The rank that its configuration names.</param>
    public void Check(IReadOnlyList<(string Name, Projection Target)> layers, RewardHeads? head, int rank)
    {
        var expected = new Dictionary<string, long[]>(StringComparer.Ordinal);
        foreach (var (name, target) in layers)
        {
            expected.Add(NameOfA(name), [rank, target.Weight.size(1)]);
            expected.Add(NameOfB(name), [target.Weight.size(0), rank]);
        }
        foreach (var (name, parameter) in head?.Parameters ?? []) expected.Add(NameOfHead(name), [.. parameter.shape]);

        var problems = new List<string>();
        foreach (var (name, shape) in expected)
        {
            if (_reader.Find(name) is not { } entry) problems.Add($"{name} is missing, expected with shape {SafetensorsFormat.ShapeText(shape)}");
            else if (!entry.Shape.SequenceEqual(shape))
                problems.Add($"{name} has shape {SafetensorsFormat.ShapeText(entry.Shape)}, expected {SafetensorsFormat.ShapeText(shape)}");
            else if (!entry.IsFloating) problems.Add($"{name} is of type {entry.Type}, and weights are floating-point numbers");
        }
        foreach (var entry in _reader.Entries)
            // A language model leaves a reward model's head aside.
            if (!expected.ContainsKey(entry.Name) && !(head is null && entry.Name.StartsWith(Prefix, StringComparison.Ordinal) && RewardHeads.Has(entry.Name[Prefix.Length..])))
                problems.Add($"{entry.Name} with shape {SafetensorsFormat.ShapeText(entry.Shape)} has no place in it");
        if (problems.Count == 0) return;
        var more = problems.Count > MostProblems ? $"; and {problems.Count - MostProblems} more" : "";
        throw RewardKitException.Input($"{_reader.Path} does not fit this model with its {AdapterConfig.Name}: {string.Join("; ", problems.Take(MostProblems))}{more}. "
            + "An adapter goes with the base that it was trained on.");
    }

    /// <summary>Gives the factors.</summary>
    public IParameterSource Factors(Placement place) => new Stored(_reader, place, "");

    /// <summary>Gives the scalar head.</summary>
    public IParameterSource Head(Placement place) => new Stored(_reader, place, Prefix);

    public void Dispose() => _reader.Dispose();

    private sealed class Stored(SafetensorsReader reader, Placement place, string prefix) : IParameterSource
    {
        public Parameter Take(string name, Start start, long[] shape)
        {
            using var _ = no_grad();
            var values = empty(shape, dtype: place.Type, device: place.Device);
            reader.ReadInto(prefix + name, values);
            return nn.Parameter(values);
        }
    }
}
