using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Conformance;

/// <summary>A weight merger under test, over small models in memory.</summary>
/// <param name="make">Makes the merger with the options to test; called often.</param>
public sealed class MergerSubject(Func<IWeightMerger> make) : Subject
{
    /// <inheritdoc/>
    public override PluginKind Kind => PluginKind.Merger;

    internal override object Make() => make();

    internal override Subject Over(PluginSession session, PluginUse use) => new MergerSubject(() => session.CreateMerger(use)) { Traits = Traits };

    internal override Transcript Use(object plugin, int scenario, int seed, Device device)
    {
        var transcript = new Transcript();
        foreach (var (name, values) in Merge((IWeightMerger)plugin, [new(Weights.Draw(1), 0.6), new(Weights.Draw(2 + scenario), 0.4)])) transcript.Add(name, values);
        return transcript;
    }

    /// <summary>What a new merger makes, tensor by tensor.</summary>
    internal IReadOnlyList<(string Name, double[] Values)> Merge(params IReadOnlyList<MergeMember> models) => Merge(make(), models);

    private static List<(string Name, double[] Values)> Merge(IWeightMerger merger, IReadOnlyList<MergeMember> models)
    {
        using var scope = NewDisposeScope();
        var merged = merger.Merge(models);
        return [.. merged.Weights.Select(weight => (weight.Name, Weights.Numbers(merged.Make(weight))))];
    }

    /// <summary>A model's tensors.</summary>
    internal sealed class Weights(string name, IReadOnlyList<ModelWeight> weights, IReadOnlyDictionary<string, double[]> values) : IModelWeights
    {
        public string Name => name;

        IReadOnlyList<ModelWeight> IModelWeights.Weights => weights;

        public IReadOnlyList<string> Tokens { get; } = [.. Enumerable.Range(0, 5).Select(i => $"token{i}")];

        /// <summary>Numbers of one tensor.</summary>
        public double[] this[string tensor] => values[tensor];

        public IReadOnlyList<ModelWeight> All => weights;

        public static Weights Draw(int seed)
        {
            ModelWeight[] all =
            [
                new("model.embed_tokens.weight", [5, 4], ScalarType.Float32, WeightRole.Embedding),
                new("model.layers.0.self_attn.q_proj.weight", [4, 4], ScalarType.Float32, WeightRole.Body),
                new("model.layers.0.mlp.up_proj.weight", [6, 4], ScalarType.BFloat16, WeightRole.Body),
                new("model.norm.weight", [4], ScalarType.Float32, WeightRole.Body),
                new("score.weight", [1, 4], ScalarType.Float32, WeightRole.RewardHead),
            ];
            var random = new Random(seed);
            // Eighths, which every type holds exactly.
            return new($"model {seed}", all, all.ToDictionary(w => w.Name, w => Enumerable.Range(0, (int)w.Shape.Aggregate(1L, (n, size) => n * size)).Select(_ => random.Next(-16, 17) / 8.0).ToArray()));
        }

        /// <summary>The same with a tensor of another shape, or of another name.</summary>
        public Weights With(string tensor, Func<ModelWeight, ModelWeight> change)
        {
            var changed = change(weights.Single(w => w.Name == tensor));
            var rest = values.Where(v => v.Key != tensor).ToDictionary();
            rest.Add(changed.Name, [.. Enumerable.Repeat(0.5, (int)changed.Shape.Aggregate(1L, (n, size) => n * size))]);
            return new(name, [.. weights.Select(w => w.Name == tensor ? changed : w)], rest);
        }

        public Tensor Read(string tensor) => weights.FirstOrDefault(w => w.Name == tensor) is { } weight
            ? torch.tensor(values[tensor], [.. weight.Shape]).to_type(weight.Type)
            : throw RewardKitException.Input($"{name}: there is no tensor {tensor}.");

        public static double[] Numbers(Tensor tensor)
        {
            using (tensor)
            using (NewDisposeScope())
                return tensor.detach().to_type(ScalarType.Float64).contiguous().data<double>().ToArray();
        }
    }
}
