using RewardKit;
using TorchSharp;

namespace Acme.Namespace;

/// <summary>Options of <c>my-method</c>.</summary>
[PluginOptions]
public sealed record MyMethodOptions
{
    /// <summary>Whether the heads, of tokens and of reward, stay those of the first model; the others need none then.</summary>
    public bool KeepHeads { get; init; }
}

/// <summary>Linear interpolation: the mean of the models' tensors, name by name, by the models' weights.</summary>
[Merger("my-method", Paper = "arXiv:2203.05482")]
public sealed class MyMethodMerger(MyMethodOptions options) : IWeightMerger
{
    /// <inheritdoc/>
    public MergedWeights Merge(IReadOnlyList<MergeMember> models)
    {
        var total = models.Sum(member => member.Weight);
        if (total <= 0 || models.Any(member => member.Weight < 0))
            throw RewardKitException.Input("my-method needs models with weights of 0 or more, at least one of them above 0.");
        var first = models[0].Model;
        foreach (var other in models.Skip(1))
            RequireFit(first, other.Model);
        return new(first.Weights, weight => IsKept(weight) ? first.Read(weight.Name) : Mean(weight));

        torch.Tensor Mean(ModelWeight weight)
        {
            using var scope = torch.NewDisposeScope();
            // In double precision, so that the order of the models shows in no bit of the result.
            return models.Select(member => member.Model.Read(weight.Name).to(torch.float64) * (member.Weight / total))
                .Aggregate((sum, next) => sum + next).to(weight.Type).MoveToOuterDisposeScope();
        }
    }

    private bool IsKept(ModelWeight weight) => options.KeepHeads && weight.Role is (WeightRole.LanguageHead or WeightRole.RewardHead);

    private void RequireFit(IModelWeights first, IModelWeights other)
    {
        var shapes = other.Weights.ToDictionary(weight => weight.Name, weight => weight.Shape);
        foreach (var weight in first.Weights.Where(weight => !IsKept(weight)))
        {
            if (!shapes.TryGetValue(weight.Name, out var shape))
                throw RewardKitException.Input($"{first.Name} has the tensor {weight.Name}, which {other.Name} lacks.");
            if (!shape.SequenceEqual(weight.Shape))
            {
                throw RewardKitException.Input($"{weight.Name} is [{string.Join(", ", weight.Shape)}] in {first.Name}, but "
                    + $"[{string.Join(", ", shape)}] in {other.Name}.");
            }
        }
    }
}
