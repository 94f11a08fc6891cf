using TorchSharp;

namespace RewardKit.Plugins.CriticRm;

/// <summary>
/// The joint loss of Critic-RM (Yu et al., "Self-Generated Critiques Boost Reward Modeling for Language Models",
/// arXiv:2411.16646) on pairs whose responses end with a critique: <c>L(t) = λ(t)·L_c + (1 − λ(t))·L_r</c>. L_c teaches the
/// language-model head to write the critique, L_r is the Bradley-Terry loss of the rewards behind it. λ is 1 at first and falls
/// in the last epoch, because writing profits from several epochs, and rewards overfit after one.
/// </summary>
[Loss("critic-rm", Paper = "arXiv:2411.16646")]
public sealed class CriticRmLoss(CriticRmOptions options) : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.Rewards | (options.Weight == 0 ? ForwardNeeds.None : ForwardNeeds.LastTurnLogProbs);

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var metrics = new Dictionary<string, torch.Tensor>();
        var rewards = RewardLoss(batch, forward, metrics);
        if (options.Weight == 0) return new(rewards, metrics);
        var critiques = CritiqueLoss(batch, forward.LastTurnLogProbs);
        metrics["loss.critique"] = critiques.detach();
        if (options.Weight is { } constant) return new(rewards + constant * critiques, metrics);
        var weight = CritiqueWeight.At(batch.Step, options.Epochs, options.Beta);
        metrics["lambda"] = torch.full_like(rewards.detach(), weight);
        return new(weight * critiques + (1 - weight) * rewards, metrics);
    }

    // L_r: mean of −log σ(r_w − r_l). The paper has preferences only; a soft label p counts as p of one order and 1 − p of the
    // other, a tie as half of each.
    private static torch.Tensor RewardLoss(PairBatch batch, PairForward forward, Dictionary<string, torch.Tensor> metrics)
    {
        var margin = forward.Rewards.select(1, 0) - forward.Rewards.select(1, 1);
        var p = batch.Labels.to(margin.dtype);
        var loss = (p * (-margin).softplus() + (1 - p) * margin.softplus()).mean();
        metrics["loss.reward"] = loss.detach();
        var preferences = batch.Examples.Count(e => e.Relation == Relation.Preferred);
        if (preferences == 0) return loss;
        // Strict: equal rewards count as wrong.
        var counted = batch.Ties.logical_not();
        metrics["acc.scalar"] = (counted * margin.detach().gt(0).to(margin.dtype)).sum() / preferences;
        metrics["margin.scalar"] = (counted * margin.detach()).sum() / preferences;
        return loss;
    }

    // L_c: mean of −log q over the whole step, of which this batch has a part: the factor turns its share by pairs, with which
    // the host weighs it, into its share by tokens or critiques.
    private torch.Tensor CritiqueLoss(PairBatch batch, torch.Tensor logProbs)
    {
        var totals = batch.Totals;
        var (sum, count) = options.CeReduction == CeReduction.TokenMean
            ? (logProbs.sum(), totals.LastTurnTokens)
            : ((logProbs / batch.LastTurnLengths.clamp_min(1)).sum(), totals.LastTurns);
        return -sum * ((double)totals.Pairs / batch.Pairs / Math.Max(1, count));
    }
}

/// <summary>λ(t), the weight of the critiques' loss.</summary>
public static class CritiqueWeight
{
    /// <summary>
    /// 1 before the last epoch, then falling by β with even steps: <c>1 − β·(t − (K−1)·T)/T</c> for T steps an epoch, and
    /// 1 − β afterwards.
    /// </summary>
    /// <param name="step">t, and the steps of an epoch and of the run.</param>
    /// <param name="epochs">K; null: what the run has. A run that ends within an epoch, or before its first, falls in its last T steps, or in all.</param>
    /// <param name="beta">β, in (0, 1].</param>
    public static double At(TrainingStep step, int? epochs, double beta)
    {
        var falling = epochs is null ? Math.Min(step.StepsPerEpoch, step.TotalSteps) : step.StepsPerEpoch;
        var start = epochs is { } k ? (long)(k - 1) * step.StepsPerEpoch : step.TotalSteps - falling;
        return 1 - beta * Math.Clamp((step.Step - start) / (double)falling, 0, 1);
    }
}
