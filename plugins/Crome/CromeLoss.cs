using System.ComponentModel.DataAnnotations;
using TorchSharp;

namespace RewardKit.Plugins.Crome;

/// <summary>Options of the loss <c>crome</c>.</summary>
[PluginOptions]
public sealed record CromeOptions
{
    /// <summary>λ, the weight of a tie row against a preference row; the paper's runs have 1.</summary>
    [Range(0.0, 1000.0)]
    public double TieWeight { get; init; } = 1.0;
}

/// <summary>
/// The loss of Crome (Srivastava et al., "Robust Reward Modeling via Causal Rubrics", arXiv:2506.16507): preferences,
/// original or causal, have <c>−log σ(Δ)</c>; ties have <c>−½[log σ(Δ) + log σ(−Δ)]</c>, least at Δ = 0, times λ. The
/// printed formula has the tie part with the opposite sign, which its text contradicts and which has no minimum. The paper
/// sums; here it is the mean over all rows, so that λ is the weight of a row and not of its kind.
/// </summary>
/// <param name="options">Its settings.</param>
[Loss("crome", Paper = "arXiv:2506.16507")]
public sealed class CromeLoss(CromeOptions options) : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.Rewards;

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var margin = forward.Rewards.select(1, 0) - forward.Rewards.select(1, 1);
        var p = batch.Labels.to(margin.dtype);
        var weight = 1 + (options.TieWeight - 1) * batch.Ties.to(margin.dtype);
        // −log σ(x) = softplus(−x), which neither overflows nor loses its tail; p = ½ makes the tie's loss of it.
        var rows = p * (-margin).softplus() + (1 - p) * margin.softplus();
        return new((weight * rows).mean(), Metrics(batch, margin.detach(), rows.detach()));
    }

    private static Dictionary<string, torch.Tensor> Metrics(PairBatch batch, torch.Tensor margin, torch.Tensor rows)
    {
        var metrics = new Dictionary<string, torch.Tensor>();
        var ties = batch.Examples.Count(e => e.Relation == Relation.Tie);
        if (ties > 0)
        {
            var share = batch.Ties.to(margin.dtype) / ties;
            metrics["loss.tie"] = (share * rows).sum();
            metrics["margin.tie"] = (share * margin.abs()).sum();
        }
        if (ties < batch.Pairs)
        {
            var share = batch.Ties.logical_not().to(margin.dtype) / (batch.Pairs - ties);
            metrics["loss.preference"] = (share * rows).sum();
            metrics["acc.scalar"] = (share * margin.gt(0)).sum(); // strict: equal rewards count as wrong
            metrics["margin.scalar"] = (share * margin).sum();
        }
        return metrics;
    }
}
