using System.ComponentModel.DataAnnotations;
using TorchSharp;

namespace RewardKit.Plugins.Ensembles;

/// <summary>How the members' losses become one.</summary>
public enum Reduction
{
    /// <summary>Their mean, so that one member learns as fast among several as alone.</summary>
    Mean,

    /// <summary>Their sum.</summary>
    Sum,
}

/// <summary>Options of the loss <c>ensemble</c>.</summary>
[PluginOptions]
public sealed record EnsembleLossOptions
{
    /// <summary>k, the linear heads on the transformer, each from its own random start.</summary>
    [Range(1, 100)]
    public int Heads { get; init; } = 3;

    /// <summary>How the heads' losses become one.</summary>
    public Reduction Reduction { get; init; } = Reduction.Mean;

    /// <summary>Weight of the mean of (r_chosen + r_rejected)² over pairs and heads, which keeps rewards around 0; 0.01 in rewarduq.</summary>
    [Range(0, 1000)]
    public double Centring { get; init; }
}

/// <summary>
/// The linear-layer ensemble (Zhang et al., arXiv:2401.16635): k linear heads on one transformer, all trained together, each by Bradley
/// and Terry's loss. They cost one pass of the transformer. By itself the trained model gives the first head's reward; with
/// Score.ensemble () it gives what the heads make together.
/// </summary>
/// <param name="options">Its settings.</param>
[Loss("ensemble", Paper = "arXiv:2401.16635")]
public sealed class EnsembleLoss(EnsembleLossOptions options) : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.Heads;

    /// <inheritdoc/>
    public RewardHead Head => new(Outputs: options.Heads);

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var (chosen, rejected) = (forward.HeadRewards.select(1, 0), forward.HeadRewards.select(1, 1)); // [pairs, heads] each
        var margins = chosen - rejected;
        var p = batch.Labels.to(margins.dtype).unsqueeze(1);
        // −log σ(x) = softplus(−x), which neither overflows nor loses its tail.
        var losses = p * (-margins).softplus() + (1 - p) * margins.softplus();
        var loss = options.Reduction == Reduction.Mean ? losses.mean() : losses.sum(1).mean();
        if (options.Centring > 0) loss += options.Centring * (chosen + rejected).pow(2).mean();
        return new(loss, Metrics(batch, margins.detach()));
    }

    // Of the preferences alone: a tie has no right order. Equal rewards count as wrong.
    private static Dictionary<string, torch.Tensor> Metrics(PairBatch batch, torch.Tensor margins)
    {
        var mean = margins.mean([1]);
        var metrics = new Dictionary<string, torch.Tensor> { ["disagreement"] = (margins - mean.unsqueeze(1)).pow(2).mean([1]).sqrt().mean() };
        var preferences = batch.Examples.Count(e => e.Relation == Relation.Preferred);
        if (preferences == 0) return metrics;
        var share = batch.Ties.logical_not().to(margins.dtype) / preferences;
        metrics["acc.scalar"] = (share * margins.select(1, 0).gt(0)).sum();
        metrics["acc.mean"] = (share * mean.gt(0)).sum();
        metrics["margin.scalar"] = (share * margins.select(1, 0)).sum();
        return metrics;
    }
}
