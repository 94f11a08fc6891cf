using TorchSharp;

namespace RewardKit;

/// <summary>
/// Turns the model's view of a batch of pairs into one number to minimise. Called by one thread at a time, inside a
/// dispose scope that ends with the optimiser step: keep no tensor beyond <see cref="Compute"/>. Exceptions end the run;
/// throw <see cref="RewardKitException"/> for what the user can mend.
/// </summary>
public interface ILoss
{
    /// <summary>What <see cref="Compute"/> reads. Asked once, before training.</summary>
    ForwardNeeds Needs { get; }

    /// <summary>The head this method trains. Asked once, before training.</summary>
    RewardHead Head => new();

    /// <summary>
    /// The share of this batch in the loss of a whole optimiser step. When a step is accumulated from several batches,
    /// the host sums <c>Compute(batch) × Weight(batch) / Σ Weight</c>, so that the step equals the one big batch.
    /// The default, the number of pairs, is right for a mean over pairs. <see cref="PairBatch.Totals"/> helps where a loss is
    /// the sum of means over different things.
    /// </summary>
    /// <param name="batch">The batch, known before its forward pass.</param>
    double Weight(PairBatch batch) => batch.Pairs;

    /// <summary>Computes the loss of a batch.</summary>
    /// <param name="batch">The pairs.</param>
    /// <param name="forward">What the model says of them; just what <see cref="Needs"/> asked for.</param>
    /// <returns>A scalar with gradient and the numbers worth logging.</returns>
    LossResult Compute(PairBatch batch, PairForward forward);
}

/// <summary>The linear head that turns a hidden state into rewards, and how it starts.</summary>
/// <param name="ZeroInit">All zeros instead of a normal distribution: every reward is then 0 before the first step.</param>
/// <param name="Bias">Whether the head has a bias.</param>
/// <param name="Outputs">
/// The number of outputs, at least 1. The first is the reward, in training and of the saved model; what the others are for is
/// the method's affair. Each starts from other random numbers.
/// </param>
/// <param name="Norm">What is done to an output's weights before they are applied; not with <paramref name="ZeroInit"/>.</param>
public sealed record RewardHead(bool ZeroInit = false, bool Bias = false, int Outputs = 1, HeadNorm Norm = HeadNorm.None);

/// <summary>What is done to the weights of each output of a head before they are applied. Models are saved with the result.</summary>
public enum HeadNorm
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>w/‖w‖.</summary>
    Unit,

    /// <summary>(w − w̄)/‖w − w̄‖, w̄ the mean of w's entries.</summary>
    CentredUnit,
}

/// <summary>A loss and what to log beside it.</summary>
/// <param name="Loss">A scalar with gradient: the mean that <see cref="ILoss.Weight"/> belongs to.</param>
/// <param name="Metrics">Scalars under their names, as <c>acc.scalar</c>; the host logs their weighted means.</param>
public sealed record LossResult(torch.Tensor Loss, IReadOnlyDictionary<string, torch.Tensor> Metrics)
{
    /// <summary>A loss with nothing to log beside it.</summary>
    /// <param name="loss">A scalar with gradient.</param>
    public LossResult(torch.Tensor loss) : this(loss, new Dictionary<string, torch.Tensor>()) { }
}
