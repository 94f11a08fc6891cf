using System.ComponentModel.DataAnnotations;
using TorchSharp;

namespace RewardKit.Plugins.Cream;

/// <summary>Options of the loss <c>cream</c>.</summary>
[PluginOptions]
public sealed record CreamLossOptions
{
    /// <summary>β: how far the model may go from the one it starts from.</summary>
    [Range(1e-6, 1000.0)]
    public double Beta { get; init; } = 0.1;
}

/// <summary>
/// The consistency-regularised loss of CREAM (Wang et al., "CREAM: Consistency Regularized Self-Rewarding Language Models",
/// arXiv:2410.12735): with C the label of a pair,
/// <c>L = −C·log σ(h) − (1 − C)·log σ(−h)</c>, <c>h = β·[(log π(y⁺) − log π(y⁻)) − (log ref(y⁺) − log ref(y⁻))]</c>. The reference
/// is the model that the run starts from. With C = 1 it is DPO (Rafailov et al., arXiv:2305.18290).
/// </summary>
/// <param name="options">Its settings.</param>
[Loss("cream", Paper = "arXiv:2410.12735")]
public sealed class CreamLoss(CreamLossOptions options) : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.ResponseLogProbs | ForwardNeeds.ReferenceLogProbs;

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var ratios = forward.ResponseLogProbs - forward.ReferenceLogProbs; // [pairs, 2]
        var h = options.Beta * (ratios.select(1, 0) - ratios.select(1, 1)); // [pairs]
        var c = batch.Labels.to(h.dtype);
        var loss = (c * (-h).softplus() + (1 - c) * h.softplus()).mean();
        var margin = h.detach();
        return new(loss, new Dictionary<string, torch.Tensor>
        {
            ["consistency"] = c.mean(),
            // Before the first step every h is 0: that is neither right nor wrong.
            ["acc.implicit"] = ((margin.sign() + 1) / 2).mean(),
            ["margin.implicit"] = margin.mean(),
        });
    }
}
