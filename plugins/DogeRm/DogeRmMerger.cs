using TorchSharp;

namespace RewardKit.Plugins.DogeRm;

/// <summary>Options of the merger <c>doge-rm</c>. The share of each model, λ and 1 − λ, is said with the model.</summary>
[PluginOptions]
public sealed record DogeRmOptions
{
    /// <summary>
    /// Whether the weights need not sum to 1, as in the released code, where each model has a weight of its own, ½ by default.
    /// </summary>
    public bool FreeWeights { get; init; }
}

/// <summary>
/// DogeRM (Lin et al., "DogeRM: Equipping Reward Models with Domain Knowledge through Model Merging", arXiv:2407.01470): layers and
/// norms of a reward model and of language models that grew from the same base are interpolated by name, (1 − λ) θ_RM + λ θ_LM,
/// and so are the embeddings of tokens that all have, by the token's text. A token that only some have keeps their embedding. The
/// reward head is the reward model's, as is its language-model head, where it has one; other heads are left out.
/// </summary>
/// <param name="options">Its settings.</param>
[Merger("doge-rm", Paper = "arXiv:2407.01470")]
public sealed class DogeRmMerger(DogeRmOptions options) : IWeightMerger
{
    // What shares like 0.1 leave of a sum that is meant to be 1.
    private const double Rounding = 1e-6;

    /// <inheritdoc/>
    public MergedWeights Merge(IReadOnlyList<MergeMember> models)
    {
        foreach (var model in models)
            if (!(model.Weight >= 0 && double.IsFinite(model.Weight)))
                throw RewardKitException.Input(FormattableString.Invariant($"doge-rm: {model.Model.Name} has the weight {model.Weight}; expected 0 or more."));
        var total = models.Sum(model => model.Weight);
        if (!options.FreeWeights && Math.Abs(total - 1) > Rounding)
        {
            throw RewardKitException.Input(FormattableString.Invariant(
                $"doge-rm: the weights sum to {total}, and must sum to 1: REWARD=0.65 DOMAIN=0.35. Weights of their own are allowed by freeWeights = true."));
        }
        var first = models[0].Model;
        foreach (var other in models.Skip(1)) RequireFit(first, other.Model);
        var vocabulary = Vocabulary.Of(models);
        if (vocabulary.NewTokens.Count > 0 && first.Weights.Any(weight => weight.Role == WeightRole.LanguageHead))
        {
            throw RewardKitException.Input($"doge-rm: {first.Name} has a language-model head, which has no rows for the {vocabulary.NewTokens.Count} tokens that only "
                + $"other models have, \"{vocabulary.NewTokens[0]}\" for one. Merge models of one vocabulary, or a reward model without such a head.");
        }
        return new([.. first.Weights.Select(Grown)], Make, vocabulary.NewTokens);

        ModelWeight Grown(ModelWeight weight) => weight.Role == WeightRole.Embedding ? weight with { Shape = [vocabulary.Rows, weight.Shape[1]] } : weight;

        torch.Tensor Make(ModelWeight weight)
        {
            using var scope = torch.NewDisposeScope();
            var made = weight.Role switch
            {
                WeightRole.Body => Interpolated(models, weight.Name),
                WeightRole.Embedding => vocabulary.Merge(models, weight.Name),
                _ => first.Read(weight.Name),
            };
            return made.to_type(weight.Type).MoveToOuterDisposeScope();
        }
    }

    // One model with all of the weight is that model, whatever its weights' type can hold; a model of weight 0 is not read.
    private static torch.Tensor Interpolated(IReadOnlyList<MergeMember> models, string name)
    {
        MergeMember[] used = [.. models.Where(model => model.Weight > 0)];
        if (used is [{ Weight: 1 } only]) return only.Model.Read(name);
        return used.Select(model => model.Model.Read(name).to_type(torch.float64) * model.Weight).Aggregate((sum, next) => sum + next);
    }

    private static void RequireFit(IModelWeights first, IModelWeights other)
    {
        Dictionary<string, ModelWeight> Common(IModelWeights model) =>
            model.Weights.Where(weight => weight.Role is WeightRole.Body or WeightRole.Embedding).ToDictionary(weight => weight.Name);
        var (own, theirs) = (Common(first), Common(other));
        foreach (var (name, weight) in own)
        {
            if (!theirs.Remove(name, out var same)) throw Lacks(other, name, first);
            // Of embeddings, the number of tokens may differ.
            if (!weight.Shape.Skip(weight.Role == WeightRole.Embedding ? 1 : 0).SequenceEqual(same.Shape.Skip(weight.Role == WeightRole.Embedding ? 1 : 0)))
            {
                throw RewardKitException.Input($"doge-rm: {name} is [{string.Join(", ", weight.Shape)}] in {first.Name} and [{string.Join(", ", same.Shape)}] in {other.Name}: "
                    + "models of one base are merged.");
            }
        }
        if (theirs.Count > 0) throw Lacks(first, theirs.Keys.First(), other);
    }

    private static RewardKitException Lacks(IModelWeights lacking, string name, IModelWeights having) =>
        RewardKitException.Input($"doge-rm: {lacking.Name} has no {name}, and {having.Name} has: models of one base are merged.");
}
