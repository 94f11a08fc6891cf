using TorchSharp;

namespace RewardKit.Plugins.Dpo;

/// <summary>
/// Supervised fine-tuning: the negative log-likelihood of the chosen responses, a mean over the tokens of the whole optimiser
/// step, as a language model is trained. The prompt is no part of it. Rejected responses play no part, and may be empty.
/// </summary>
[Loss("sft")]
public sealed class SftLoss : ILoss
{
    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.ResponseLogProbs;

    /// <summary>The tokens that the batch's mean is over.</summary>
    /// <param name="batch">The batch.</param>
    public double Weight(PairBatch batch) => (Shares(batch) * batch.ResponseLengths).sum().item<double>();

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var shares = Shares(batch);
        var tokens = (shares * batch.ResponseLengths).sum().clamp_min(1);
        var loss = -(shares * forward.ResponseLogProbs).sum() / tokens;
        return new(loss.to(forward.ResponseLogProbs.dtype), new Dictionary<string, torch.Tensor>());
    }

    // How much each response counts, [pairs, 2], float64: the chosen one alone, but by its probability to be the better one
    // where there is a soft label, and both of a tie by half.
    private static torch.Tensor Shares(PairBatch batch) => torch.stack([batch.Labels, 1 - batch.Labels], 1);
}
