using TorchSharp;

namespace RewardKit.Plugins.RewardedSoups;

/// <summary>How adapters are merged.</summary>
public enum AdapterMerge
{
    /// <summary>Their factors A and B, each by itself, as in the released code: the result is an adapter. Its update is not the mean of theirs.</summary>
    Factors,

    /// <summary>The weights that they make of their base: the mean of their updates. The result is a whole model.</summary>
    Deltas,
}

/// <summary>Options of the merger <c>rewarded-soups</c>.</summary>
[PluginOptions]
public sealed record RewardedSoupsOptions
{
    /// <summary>How adapters are merged; whole models are interpolated in any case.</summary>
    public AdapterMerge Adapters { get; init; } = AdapterMerge.Factors;
}

/// <summary>
/// Rewarded soups (Ramé et al., arXiv:2306.04488): models that were trained on one reward each from the same weights, interpolated,
/// θ = Σ λ_i θ_i with λ_i ≥ 0 and Σ λ_i = 1. A model of weight 0 is not read.
/// </summary>
/// <param name="options">Its settings.</param>
[Merger("rewarded-soups", Paper = "arXiv:2306.04488")]
public sealed class RewardedSoupsMerger(RewardedSoupsOptions options) : IWeightMerger
{
    // What shares like 0.1 leave of a sum that is meant to be 1.
    private const double Rounding = 1e-6;

    /// <inheritdoc/>
    public bool TakesAdapters => options.Adapters == AdapterMerge.Factors;

    /// <inheritdoc/>
    public MergedWeights Merge(IReadOnlyList<MergeMember> models)
    {
        foreach (var model in models)
            if (!(model.Weight >= 0 && double.IsFinite(model.Weight)))
                throw RewardKitException.Input(FormattableString.Invariant($"rewarded-soups: {model.Model.Name} has the weight {model.Weight}; expected 0 or more."));
        var total = models.Sum(model => model.Weight);
        if (Math.Abs(total - 1) > Rounding)
        {
            throw RewardKitException.Input(FormattableString.Invariant(
                $"rewarded-soups: the weights sum to {total}, and must sum to 1. Give each model its share, as FOLDER=0.5 FOLDER=0.5."));
        }
        var first = models[0].Model;
        foreach (var other in models.Skip(1)) RequireFit(first, other.Model);
        MergeMember[] used = [.. models.Where(model => model.Weight > 0)];
        return new(first.Weights, Interpolated);

        torch.Tensor Interpolated(ModelWeight weight)
        {
            using var scope = torch.NewDisposeScope();
            // One model with all of the weight is that model, whatever its weights' type can hold.
            var mean = used is [var only] ? only.Model.Read(weight.Name) : used.Select(model => model.Model.Read(weight.Name).to_type(torch.float64) * model.Weight)
                .Aggregate((sum, next) => sum + next);
            return mean.to_type(weight.Type).MoveToOuterDisposeScope();
        }
    }

    // Models of one start have the same tensors.
    private static void RequireFit(IModelWeights first, IModelWeights other)
    {
        var shapes = other.Weights.ToDictionary(weight => weight.Name, weight => weight.Shape);
        foreach (var weight in first.Weights)
        {
            if (!shapes.Remove(weight.Name, out var shape)) throw Lacks(other, weight.Name, first);
            if (!shape.SequenceEqual(weight.Shape))
            {
                throw RewardKitException.Input($"rewarded-soups: {weight.Name} is [{string.Join(", ", weight.Shape)}] in {first.Name} and "
                    + $"[{string.Join(", ", shape)}] in {other.Name}: models of one start are merged.");
            }
        }
        if (shapes.Count > 0) throw Lacks(first, shapes.Keys.First(), other);
    }

    private static RewardKitException Lacks(IModelWeights lacking, string name, IModelWeights having) =>
        RewardKitException.Input($"rewarded-soups: {lacking.Name} has no {name}, and {having.Name} has: models of one start are merged.");
}
