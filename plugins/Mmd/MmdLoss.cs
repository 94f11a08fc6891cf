using TorchSharp;

namespace RewardKit.Plugins.Mmd;

/// <summary>
/// The causal reward model of Wang et al. ("Beyond Reward Hacking: Causal Rewards for Large Language Model Alignment",
/// arXiv:2501.09620): Bradley and Terry's loss, and λ times how differently rewards are distributed in the bins of a trait
/// that is known to be spurious, the sum over pairs of bins of their squared maximum mean discrepancy
/// (<see cref="Discrepancy"/>). A reward that does not depend on the trait has the same distribution in each bin.
/// </summary>
[Loss("mmd", Paper = "arXiv:2501.09620", Traits = PluginTraits.WholeBatch | PluginTraits.StoppedGradient)]
public sealed class MmdLoss : ILoss
{
    private readonly MmdOptions _options;
    private readonly SpuriousTrait _trait;

    /// <summary>Makes the loss.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="RewardKitException">The settings name no trait that responses can differ in.</exception>
    public MmdLoss(MmdOptions options)
    {
        _options = options;
        _trait = new(options);
    }

    /// <inheritdoc/>
    public ForwardNeeds Needs =>
        ForwardNeeds.Rewards | (_options is { Weight: > 0, Over: Compared.Features } ? ForwardNeeds.Features : ForwardNeeds.None);

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var margin = forward.Rewards.select(1, 0) - forward.Rewards.select(1, 1);
        var p = batch.Labels.to(margin.dtype);
        // −log σ(x) = softplus(−x), which neither overflows nor loses its tail.
        var loss = (p * (-margin).softplus() + (1 - p) * margin.softplus()).mean();
        var metrics = new Dictionary<string, torch.Tensor> { ["loss.reward"] = loss.detach() };
        AddAccuracy(batch, margin.detach(), metrics);
        if (_options.Weight == 0) return new(loss, metrics);
        var penalty = Penalty(batch, forward);
        metrics["loss.mmd"] = penalty.detach();
        return new(loss + _options.Weight * penalty, metrics);
    }

    private torch.Tensor Penalty(PairBatch batch, PairForward forward)
    {
        var rewards = forward.Rewards;
        // The chosen and the rejected response of a pair in turn, as rows.
        var values = _options.Over == Compared.Reward
            ? rewards.reshape(-1, 1) : forward.Features.to(rewards.dtype).reshape(2L * batch.Pairs, -1);
        var kernel = Discrepancy.Kernel(values, _options.Kernel, _options.MedianBandwidth ? null : _options.Bandwidth);
        var bins = torch.arange(_trait.Bins, dtype: torch.int64, device: rewards.device);
        var members = _trait.BinsOf(batch).unsqueeze(2).eq(bins).to(rewards.dtype); // [pairs, 2, bins]
        if (_options.Variant == Variant.Unconditional) return Discrepancy.Sum(kernel, members.reshape(-1, _trait.Bins), _options.Estimator);
        // Neither response of a tie is a chosen or a rejected one.
        members *= batch.Ties.logical_not().to(rewards.dtype).reshape(-1, 1, 1);
        var sides = ((double[][])[[1, 0], [0, 1]]).Select(side => torch.tensor(side, dtype: rewards.dtype, device: rewards.device).reshape(1, 2, 1));
        return sides.Select(side => Discrepancy.Sum(kernel, (members * side).reshape(-1, _trait.Bins), _options.Estimator)).Aggregate((a, b) => a + b);
    }

    // Of the preferences alone: a tie has no right order. A reward as high as the other's counts as wrong.
    private static void AddAccuracy(PairBatch batch, torch.Tensor margin, Dictionary<string, torch.Tensor> metrics)
    {
        var preferences = batch.Examples.Count(e => e.Relation == Relation.Preferred);
        if (preferences == 0) return;
        var share = batch.Ties.logical_not().to(margin.dtype) / preferences;
        metrics["acc.scalar"] = (share * margin.gt(0)).sum();
        metrics["margin.scalar"] = (share * margin).sum();
    }
}
