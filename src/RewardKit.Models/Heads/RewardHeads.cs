using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>
/// The head of a reward model, row by row of its outputs: the first, which is the reward, as <c>score.weight</c>, where other
/// tools look for it, and the others as <c>extra_scores.weight</c>.
/// </summary>
internal sealed class RewardHeads
{
    /// <summary>Where the first output's parameters are.</summary>
    public const string First = "score";

    /// <summary>Where those of the others are.</summary>
    public const string Further = "extra_scores";

    // Below this a vector counts as zero, which has no direction.
    private const double LeastNorm = 1e-8;

    /// <summary>Takes its weights.</summary>
    /// <param name="weights">The root of the names.</param>
    /// <param name="hidden">The length of a hidden state.</param>
    /// <param name="form">Outputs, bias, and what is done to weights.</param>
    public RewardHeads(ModelWeights weights, long hidden, RewardHead form)
    {
        Form = form;
        Score = new(weights[First], hidden, 1, form.Bias);
        Extra = form.Outputs > 1 ? new(weights[Further], hidden, form.Outputs - 1, form.Bias) : null;
    }

    /// <summary>Outputs, bias, and what is done to weights.</summary>
    public RewardHead Form { get; }

    /// <summary>The first output.</summary>
    public Projection Score { get; }

    /// <summary>The others; null: there are none.</summary>
    public Projection? Extra { get; }

    /// <summary>What is trained, under full names.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> Parameters =>
        from part in (((string Name, Projection? Head)[])[(First, Score), (Further, Extra)])
        from parameter in part.Head?.named_parameters(recurse: false) ?? []
        select ($"{part.Name}.{parameter.name}", parameter.parameter);

    /// <summary>Whether a parameter of this name is one of a head's.</summary>
    public static bool Has(string name) => name.StartsWith(First + ".", StringComparison.Ordinal) || name.StartsWith(Further + ".", StringComparison.Ordinal);

    /// <summary>The rewards of hidden states, <c>[rows, hidden]</c> to <c>[rows]</c>.</summary>
    public Tensor Reward(Tensor hidden) =>
        nn.functional.linear(hidden, Applied(Score.Weight, hidden.dtype), Score.Bias?.to_type(hidden.dtype)).squeeze(-1);

    /// <summary>All outputs for hidden states, <c>[rows, hidden]</c> to <c>[rows, outputs]</c>, and the weights that were applied.</summary>
    public (Tensor Rewards, Tensor Weights) All(Tensor hidden)
    {
        var type = hidden.dtype;
        Projection[] parts = Extra is null ? [Score] : [Score, Extra];
        var weights = cat([.. parts.Select(part => Applied(part.Weight, type))]);
        return (nn.functional.linear(hidden, weights, Form.Bias ? cat([.. parts.Select(part => part.Bias!.to_type(type))]) : null), weights);
    }

    /// <summary>
    /// What a model is saved with, under full names: weights as they are applied, so that what is saved is what scores. Those
    /// that are no parameters are made here; without gradients.
    /// </summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Saved() => Parameters.Select(p => KeyValuePair.Create(
        p.Name, Form.Norm == HeadNorm.None || p.Parameter.ndim == 1 ? p.Parameter : Made(p.Parameter)));

    private Tensor Made(Parameter weight)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        // In the type that scores are computed in, and not rounded to that of the weights.
        return Applied(weight, weight.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32).MoveToOuterDisposeScope();
    }

    private Tensor Applied(Parameter weight, ScalarType type)
    {
        var rows = weight.to_type(type);
        if (Form.Norm == HeadNorm.None) return rows;
        if (Form.Norm == HeadNorm.CentredUnit) rows = rows - rows.mean([1], keepdim: true);
        return rows / rows.pow(2).sum(1, keepdim: true).clamp_min(LeastNorm * LeastNorm).sqrt();
    }
}
