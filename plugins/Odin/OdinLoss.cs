using TorchSharp;

namespace RewardKit.Plugins.Odin;

/// <summary>
/// ODIN (Chen et al., "ODIN: Disentangled Reward Mitigates Hacking in RLHF", arXiv:2402.07319). The head has two outputs:
/// quality, which is the reward, and length. Bradley and Terry's loss trains their sum, so that length may explain what it
/// explains of the preferences; correlations with the responses' lengths over the batch, and orthogonal weights, see to it
/// that the length output does so and the quality output does not:
/// L = L_R + λ_L·Σ(|ρ(r_Q, len)| − ρ(r_L, len)) + λ_O·|W_Q·W_L|.
/// </summary>
/// <param name="options">Its settings.</param>
[Loss("odin", Paper = "arXiv:2402.07319", Traits = PluginTraits.WholeBatch)]
public sealed class OdinLoss(OdinOptions options) : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.Rewards | ForwardNeeds.Heads;

    // Without the norm, W_Q → 0 would do for both regularisers.
    /// <inheritdoc/>
    public RewardHead Head => new(Outputs: 2, Norm: options.Normalisation == Normalisation.Unit ? HeadNorm.Unit : HeadNorm.CentredUnit);

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var (quality, length) = (forward.Rewards, forward.HeadRewards.select(2, 1)); // [pairs, 2] each
        var sum = quality + length;

        var margin = Margin(sum);
        var p = batch.Labels.to(margin.dtype);
        // −log σ(x) = softplus(−x), which neither overflows nor loses its tail.
        var reward = (p * (-margin).softplus() + (1 - p) * margin.softplus()).mean();

        var groups = Groups(batch);
        var ofQuality = groups.Select(of => Correlation.Of(of(quality), of(batch.ResponseLengths))).ToArray();
        var ofLength = groups.Select(of => Correlation.Of(of(length), of(batch.ResponseLengths))).ToArray();
        var ofSum = groups.Select(of => Correlation.Of(of(sum), of(batch.ResponseLengths))).ToArray();
        var correlation = Sum(ofQuality.Zip(ofLength, (q, l) => q.abs() - l));
        var orthogonality = (forward.HeadWeights.select(0, 0) * forward.HeadWeights.select(0, 1)).sum().abs();

        var loss = reward + options.LengthWeight * correlation + options.OrthogonalityWeight * orthogonality;
        if (options.SumWeight > 0) loss += options.SumWeight * Sum(ofSum.Select(c => c.abs()));
        var metrics = new Dictionary<string, torch.Tensor>
        {
            ["loss.reward"] = reward.detach(),
            ["loss.length"] = correlation.detach(),
            ["loss.orthogonality"] = orthogonality.detach(),
            ["corr.quality"] = Sum(ofQuality).detach() / groups.Length,
            ["corr.length"] = Sum(ofLength).detach() / groups.Length,
            ["corr.sum"] = Sum(ofSum).detach() / groups.Length,
        };
        AddAccuracies(batch, Margin(quality).detach(), margin.detach(), metrics);
        return new(loss, metrics);
    }

    // The responses that are correlated with each other, out of [pairs, 2].
    private Func<torch.Tensor, torch.Tensor>[] Groups(PairBatch batch)
    {
        if (options.Correlate == Correlated.Together) return [all => all.reshape(-1)];
        var preferences = batch.Ties.logical_not();
        return [all => all.select(1, 0).masked_select(preferences), all => all.select(1, 1).masked_select(preferences)];
    }

    private static torch.Tensor Margin(torch.Tensor rewards) => rewards.select(1, 0) - rewards.select(1, 1);

    private static torch.Tensor Sum(IEnumerable<torch.Tensor> terms) => terms.Aggregate((a, b) => a + b);

    // Of the preferences alone: a tie has no right order. A reward as high as the other's counts as wrong.
    private static void AddAccuracies(PairBatch batch, torch.Tensor quality, torch.Tensor sum, Dictionary<string, torch.Tensor> metrics)
    {
        var preferences = batch.Examples.Count(e => e.Relation == Relation.Preferred);
        if (preferences == 0) return;
        var share = batch.Ties.logical_not().to(quality.dtype) / preferences;
        metrics["acc.scalar"] = (share * quality.gt(0)).sum();
        metrics["acc.sum"] = (share * sum.gt(0)).sum();
        metrics["margin.scalar"] = (share * quality).sum();
    }
}
