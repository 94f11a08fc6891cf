using TorchSharp;

namespace RewardKit.Plugins.BradleyTerry;

/// <summary>
/// The Bradley-Terry loss of a reward model: with Δ the chosen response's reward minus the rejected one's and p the
/// probability that the chosen one is better, the mean over pairs of <c>−p·log σ(Δ) − (1 − p)·log σ(−Δ)</c>. For a plain
/// preference p = 1 and the loss is <c>−log σ(Δ)</c> (Ouyang et al. 2022, arXiv:2203.02155, equation 1); a tie has p = ½.
/// </summary>
[Loss("bradley-terry", Paper = "Bradley and Terry 1952, Biometrika 39; as a loss arXiv:2203.02155, equation 1")]
public sealed class BradleyTerryLoss : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.Rewards;

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var margin = forward.Rewards.select(1, 0) - forward.Rewards.select(1, 1);
        var p = batch.Labels.to(margin.dtype);
        // −log σ(x) = softplus(−x), which neither overflows nor loses its tail.
        var loss = (p * (-margin).softplus() + (1 - p) * margin.softplus()).mean();
        return new(loss, Metrics(batch, margin.detach()));
    }

    // Of the preferences alone: a tie has no right order. A reward as high as the other's counts as wrong.
    private static Dictionary<string, torch.Tensor> Metrics(PairBatch batch, torch.Tensor margin)
    {
        var preferences = batch.Examples.Count(e => e.Relation == Relation.Preferred);
        if (preferences == 0) return [];
        var share = batch.Ties.logical_not().to(margin.dtype) / preferences;
        return new() { ["acc.scalar"] = (share * margin.gt(0)).sum(), ["margin.scalar"] = (share * margin).sum() };
    }
}
