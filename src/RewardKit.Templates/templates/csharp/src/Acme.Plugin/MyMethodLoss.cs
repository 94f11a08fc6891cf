using System.ComponentModel.DataAnnotations;
using RewardKit;
using TorchSharp;

namespace Acme.Namespace;

/// <summary>Options of <c>my-method</c>.</summary>
[PluginOptions]
public sealed record MyMethodOptions
{
    /// <summary>By how much the better response's reward is to exceed the other's.</summary>
    [Range(0.0, 100.0)]
    public double Margin { get; init; } = 1.0;
}

/// <summary>
/// Bradley-Terry with a margin m: with Δ the chosen response's reward minus the rejected one's, and p the probability that
/// the chosen one is better, the mean over pairs of <c>−p·log σ(Δ − m) − (1 − p)·log σ(−Δ − m)</c>.
/// </summary>
[Loss("my-method", Paper = "arXiv:2307.09288, equation 2")]
public sealed class MyMethodLoss(MyMethodOptions options) : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.Rewards;

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var difference = forward.Rewards.select(1, 0) - forward.Rewards.select(1, 1); // [pairs]
        var p = batch.Labels.to(difference.dtype); // [pairs]; 1 for a preference, ½ for a tie
        // −log σ(x) = softplus(−x), which neither overflows nor loses its tail.
        var loss = p * (options.Margin - difference).softplus() + (1 - p) * (options.Margin + difference).softplus();
        return new(loss.mean(), new Dictionary<string, torch.Tensor> { ["margin"] = difference.detach().mean() });
    }
}
