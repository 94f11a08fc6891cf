using TorchSharp;

namespace RewardKit.Plugins.ProcessReward;

/// <summary>Over what the mean is taken.</summary>
public enum MeanOver
{
    /// <summary>All labelled steps: a solution of many steps counts more.</summary>
    Steps,

    /// <summary>Solutions, each with the mean over its steps.</summary>
    Solutions,
}

/// <summary>Options of the loss <c>process-reward</c>.</summary>
[PluginOptions]
public sealed record ProcessRewardOptions
{
    /// <summary>Over what the mean is taken.</summary>
    public MeanOver MeanOver { get; init; } = MeanOver.Steps;
}

/// <summary>
/// A process reward model (Lightman et al., "Let's Verify Step by Step", arXiv:2305.20050; Wang et al., "Math-Shepherd",
/// arXiv:2312.08935, whose labels may be probabilities): the reward r at the end of each step is the log-odds that all is right so far,
/// −y log σ(r) − (1 − y) log σ(−r) for a step's label y. Which response of a pair is better plays no part.
/// </summary>
/// <param name="options">Its settings.</param>
[Loss("process-reward", Paper = "arXiv:2305.20050; arXiv:2312.08935")]
public sealed class ProcessRewardLoss(ProcessRewardOptions options) : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.StepRewards;

    /// <inheritdoc/>
    public double Weight(PairBatch batch) =>
        options.MeanOver == MeanOver.Steps ? batch.StepLabels.NumberOfElements : batch.StepCounts.gt(0).sum().item<long>();

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var r = forward.StepRewards; // [steps]
        var y = batch.StepLabels.to(r.dtype);
        var each = y * (-r).softplus() + (1 - y) * r.softplus();
        var counts = batch.StepCounts.reshape(-1); // [2 pairs]
        // Without a step there is nothing to learn, and the mean of nothing is 0.
        var loss = options.MeanOver == MeanOver.Steps
            ? each.sum() / Math.Max(1, r.NumberOfElements)
            : (each / counts.repeat_interleave(counts).to(r.dtype)).sum() / counts.gt(0).sum().clamp_min(1).to(r.dtype);
        var right = r.detach().gt(0).eq(y.gt(0.5)).to(r.dtype);
        return new(loss, new Dictionary<string, torch.Tensor>
        {
            ["step-accuracy"] = right.sum() / Math.Max(1, r.NumberOfElements),
            ["mean-reward"] = r.detach().sum() / Math.Max(1, r.NumberOfElements),
        });
    }
}
