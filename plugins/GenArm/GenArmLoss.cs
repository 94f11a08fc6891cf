using TorchSharp;

namespace RewardKit.Plugins.GenArm;

/// <summary>
/// The loss of an autoregressive reward model (Xu et al., "GenARM: Reward Guided Generation with Autoregressive Reward Model
/// for Test-time Alignment", arXiv:2410.08193): the reward of a response is its log-probability, summed over its tokens, and
/// Bradley and Terry's loss trains it, −log σ(d) with d = β_r (log π_r(chosen) − log π_r(rejected)). It is DPO's loss without
/// a reference. What is trained is a language model, the guide of <see cref="GenArmDecoder"/>.
/// </summary>
/// <param name="options">Its settings.</param>
[Loss("gen-arm", Paper = "arXiv:2410.08193")]
public sealed class GenArmLoss(GenArmLossOptions options) : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.ResponseLogProbs;

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        // An empty response has log-probability 0, per token too.
        var logProbs = options.PerToken ? forward.ResponseLogProbs / batch.ResponseLengths.clamp_min(1) : forward.ResponseLogProbs;
        var rewards = options.Beta * logProbs; // [pairs, 2]
        var d = rewards.select(1, 0) - rewards.select(1, 1); // [pairs]

        // The paper has preferences only, where p is 1; an example with a soft label p counts as p of one order and 1 − p of the
        // other, a tie as half of each.
        var p = batch.Labels.to(d.dtype);
        var loss = (p * OfDifference(d) + (1 - p) * OfDifference(-d)).mean();
        return new(loss, Metrics(batch, rewards.detach(), d.detach()));
    }

    // [pairs], from differences of rewards. The margin is taken off before labels are smoothed, as the authors' trainer does.
    private torch.Tensor OfDifference(torch.Tensor d)
    {
        var (above, smoothing) = (d - options.Margin, options.LabelSmoothing);
        if (options.Hinge) return (1 - smoothing) * (1 - above).relu() + smoothing * (1 + above).relu();
        // −log σ(x) = softplus(−x), which neither overflows nor loses its tail.
        return (1 - smoothing) * (-above).softplus() + smoothing * above.softplus();
    }

    // Of the preferences alone: a tie has no right order.
    private static Dictionary<string, torch.Tensor> Metrics(PairBatch batch, torch.Tensor rewards, torch.Tensor d)
    {
        var preferences = batch.Examples.Count(e => e.Relation == Relation.Preferred);
        if (preferences == 0) return [];
        var share = batch.Ties.logical_not().to(d.dtype) / preferences;
        return new()
        {
            ["acc.implicit"] = (share * d.gt(0)).sum(), // strict: equal rewards count as wrong
            ["margin.implicit"] = (share * d).sum(),
            ["implicit.chosen"] = (share * rewards.select(1, 0)).sum(),
            ["implicit.rejected"] = (share * rewards.select(1, 1)).sum(),
        };
    }
}
