using TorchSharp;

namespace RewardKit.Plugins.Dpo;

/// <summary>
/// SimPO (Meng et al., "SimPO: Simple Preference Optimization with a Reference-Free Reward", arXiv:2405.14734): the reward of a
/// response y is its log-probability per token, (β/|y|) log π(y), and the chosen one's should be above the rejected one's by γ:
/// <c>−log σ(r(chosen) − r(rejected) − γ)</c>. There is no reference.
/// </summary>
/// <param name="options">Its settings.</param>
[Loss("simpo", Paper = "arXiv:2405.14734")]
public sealed class SimpoLoss(SimpoOptions options) : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.ResponseLogProbs;

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        // An empty response has log-probability 0, per token too.
        var rewards = options.Beta * forward.ResponseLogProbs / batch.ResponseLengths.clamp_min(1); // [pairs, 2]
        var d = rewards.select(1, 0) - rewards.select(1, 1); // [pairs]
        // The paper has preferences only; a soft label p counts as p of one order and 1 − p of the other, a tie as half of each.
        var p = batch.Labels.to(d.dtype);
        var loss = (p * (options.Gamma - d).softplus() + (1 - p) * (options.Gamma + d).softplus()).mean();
        return new(loss, ImplicitMetrics.Of(batch, rewards.detach()));
    }
}
