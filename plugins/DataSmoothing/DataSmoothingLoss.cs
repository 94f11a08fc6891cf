using System.ComponentModel.DataAnnotations;
using TorchSharp;

namespace RewardKit.Plugins.DataSmoothing;

/// <summary>With which model's probabilities labels are moved.</summary>
public enum Move
{
    /// <summary>With those of the model that the step's gradient has changed: at the pair's next turn, before the label is used.</summary>
    AfterStep,

    /// <summary>With those that the step's own gradient is taken at.</summary>
    SameModel,
}

/// <summary>Options of the loss <c>data-smoothing</c>.</summary>
[PluginOptions]
public sealed record DataSmoothingOptions
{
    /// <summary>β: how far a label moves to the model's probability in an epoch; 0 is Bradley and Terry's loss, 1 the model's own belief.</summary>
    [Range(0.0, 1.0)]
    public double Beta { get; init; } = 0.7;

    /// <summary>With which model's probabilities labels are moved.</summary>
    public Move Move { get; init; } = Move.AfterStep;

    /// <summary>What the difference of rewards is divided by, in the loss and in the probabilities.</summary>
    [Range(0.0, 1000.0, MinimumIsExclusive = true)]
    public double Temperature { get; init; } = 1;
}

/// <summary>
/// Iterative data smoothing (Zhu, Jordan and Jiao, "Iterative Data Smoothing: Mitigating Reward Overfitting and Overoptimization in
/// RLHF", arXiv:2401.16335): the cross-entropy of σ(Δ) with a soft label y of each pair, Δ the chosen response's reward less the
/// rejected one's. Once an epoch the label follows the model, y ← (1 − β) y + β σ(Δ), so that a pair that was compared once does not
/// pull its rewards apart without end.
/// </summary>
/// <param name="options">Its settings.</param>
[Loss("data-smoothing", Paper = "arXiv:2401.16335")]
public sealed class DataSmoothingLoss(DataSmoothingOptions options) : IStatefulLoss
{
    private SoftLabels _labels = new();

    /// <inheritdoc/>
    public ForwardNeeds Needs => ForwardNeeds.Rewards;

    /// <inheritdoc/>
    public void Restore(byte[]? state) => _labels = state is null ? new() : SoftLabels.Read(state);

    /// <inheritdoc/>
    public byte[] Save() => _labels.Write();

    /// <inheritdoc/>
    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var margin = (forward.Rewards.select(1, 0) - forward.Rewards.select(1, 1)) / options.Temperature; // [pairs]
        // Held-out pairs are judged by the labels that they have.
        var labels = margin.requires_grad ? torch.tensor(Turn(batch, margin.detach()), device: margin.device) : batch.Labels;
        var y = labels.to(margin.dtype);
        // −log σ(x) = softplus(−x), which neither overflows nor loses its tail.
        var loss = (y * (-margin).softplus() + (1 - y) * margin.softplus()).mean();
        return new(loss, Metrics(batch, margin.detach(), y));
    }

    // The labels of this turn, [pairs].
    private double[] Turn(PairBatch batch, torch.Tensor margin)
    {
        var beliefs = margin.to_type(torch.float64).sigmoid().cpu().data<double>().ToArray();
        var given = batch.Labels.cpu().data<double>().ToArray();
        return [.. batch.Examples.Select((example, row) => _labels.Turn(example.Id, batch.Step.Step, given[row], beliefs[row], options.Beta, options.Move))];
    }

    // Of the preferences alone: a tie has no right order.
    private static Dictionary<string, torch.Tensor> Metrics(PairBatch batch, torch.Tensor margin, torch.Tensor labels)
    {
        var preferences = batch.Examples.Count(e => e.Relation == Relation.Preferred);
        if (preferences == 0) return [];
        var share = batch.Ties.logical_not().to(margin.dtype) / preferences;
        return new()
        {
            ["acc.scalar"] = (share * margin.gt(0)).sum(),
            ["margin.scalar"] = (share * margin).sum(),
            ["label"] = (share * labels).sum(),
            ["label.turned"] = (share * labels.lt(0.5)).sum(),
        };
    }
}
