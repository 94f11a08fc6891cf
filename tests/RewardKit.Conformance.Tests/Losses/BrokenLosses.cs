using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Conformance.Tests.Losses;

/// <summary>The Bradley-Terry loss, which keeps every rule; what follows breaks one each.</summary>
internal class SoundLoss : ILoss
{
    public virtual ForwardNeeds Needs => ForwardNeeds.Rewards;

    public virtual LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var margin = Margin(forward);
        return new(Reduce(Rows(batch, margin)), Metrics(batch, margin.detach()));
    }

    protected static Tensor Both(PairBatch batch, Tensor asLabelled, Tensor swapped)
    {
        var p = batch.Labels.to(asLabelled.dtype);
        return p * asLabelled + (1 - p) * swapped;
    }

    protected virtual Tensor Margin(PairForward forward) => forward.Rewards.select(1, 0) - forward.Rewards.select(1, 1);

    protected virtual Tensor Rows(PairBatch batch, Tensor margin) => Both(batch, (-margin).softplus(), margin.softplus());

    protected virtual Tensor Reduce(Tensor rows) => rows.mean();

    protected virtual Dictionary<string, Tensor> Metrics(PairBatch batch, Tensor margin) => new() { ["margin"] = margin.mean() };
}

internal sealed class HalfConstant : SoundLoss
{
    protected override Tensor Rows(PairBatch batch, Tensor margin) => base.Rows(batch, margin) * margin.detach().abs();
}

/// <summary>The mean loss of three outputs, and how long their weights are.</summary>
internal class SoundHeadLoss : SoundLoss, ILoss
{
    public override ForwardNeeds Needs => ForwardNeeds.Heads;

    RewardHead ILoss.Head => new(Outputs: 3, Norm: HeadNorm.CentredUnit);

    public override LossResult Compute(PairBatch batch, PairForward forward)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.Pairs);
        var margin = forward.HeadRewards.select(1, 0) - forward.HeadRewards.select(1, 1);
        var p = batch.Labels.to(margin.dtype).unsqueeze(1);
        return new((p * (-margin).softplus() + (1 - p) * margin.softplus()).mean() + Length(forward.HeadWeights));
    }

    protected virtual Tensor Length(Tensor weights) => weights.pow(2).sum();
}

internal sealed class ConstantWeights : SoundHeadLoss
{
    protected override Tensor Length(Tensor weights) => (weights * weights.detach()).sum();
}

internal sealed class ReadsUndeclaredHead : SoundHeadLoss
{
    public override ForwardNeeds Needs => ForwardNeeds.Rewards;
}

internal sealed class LogOfSigmoid : SoundLoss
{
    protected override Tensor Rows(PairBatch batch, Tensor margin) => Both(batch, -margin.sigmoid().log(), -(-margin).sigmoid().log());
}

internal sealed class FirstRowsMetric : SoundLoss
{
    protected override Dictionary<string, Tensor> Metrics(PairBatch batch, Tensor margin) => new() { ["margin"] = margin[0] };
}

internal sealed class ViewOfMemory : SoundLoss
{
    protected override Tensor Margin(PairForward forward)
    {
        var flat = forward.Rewards.view(-1, 1).view(-1, 2);
        return flat.select(1, 0) - flat.select(1, 1);
    }
}

internal sealed class SumOverPairs : SoundLoss
{
    protected override Tensor Reduce(Tensor rows) => rows.sum();
}

internal sealed class ReadsUndeclared : SoundLoss
{
    protected override Tensor Margin(PairForward forward) => base.Margin(forward) + 0.1 * (forward.ResponseLogProbs.select(1, 0) - forward.ResponseLogProbs.select(1, 1));
}

internal sealed class TiesAsPreferences : SoundLoss
{
    protected override Tensor Rows(PairBatch batch, Tensor margin) => (-margin).softplus();
}

internal sealed class EmptyMean : SoundLoss
{
    public override LossResult Compute(PairBatch batch, PairForward forward) => new(Rows(batch, Margin(forward)).mean());
}

internal sealed class MetricNow : SoundLoss
{
    protected override Dictionary<string, Tensor> Metrics(PairBatch batch, Tensor margin) =>
        margin.mean().to(ScalarType.Float64).item<double>() > 0 ? base.Metrics(batch, margin) : [];
}

internal sealed class LossByPair : SoundLoss
{
    protected override Tensor Reduce(Tensor rows) => rows / rows.size(0);
}

internal sealed class Float64Alone : SoundLoss
{
    protected override Tensor Margin(PairForward forward) =>
        forward.Rewards.matmul(tensor(new[] { 1.0, -1.0 }, device: forward.Rewards.device));
}

internal sealed class AsksTooMuch : SoundLoss
{
    public override ForwardNeeds Needs => ForwardNeeds.Rewards | ForwardNeeds.ReferenceLogProbs;
}

/// <summary>Grows with the steps that it has seen; what follows forgets them.</summary>
internal class CountsSteps : SoundLoss, IStatefulLoss
{
    private HashSet<int> _steps = [];

    public override LossResult Compute(PairBatch batch, PairForward forward)
    {
        var result = base.Compute(batch, forward);
        if (result.Loss.requires_grad) _steps.Add(batch.Step.Step);
        return result with { Loss = result.Loss * (1 + _steps.Count) };
    }

    public void Restore(byte[]? state) => _steps = [.. (state ?? []).Select(step => (int)step)];

    public virtual byte[] Save() => [.. _steps.Order().Select(step => (byte)step)];
}

internal sealed class ForgetsAtCheckpoints : CountsSteps
{
    public override byte[] Save() => [];
}

internal sealed class Noisy : SoundLoss
{
    protected override Tensor Reduce(Tensor rows) => rows.mean() + 1e-12 * Random.Shared.NextDouble();
}

internal sealed class Remembers : SoundLoss
{
    private int _calls;

    protected override Tensor Reduce(Tensor rows) => rows.mean() + 0.1 * _calls++;
}

internal sealed class SharedBuffer : SoundLoss
{
    private Tensor? _margin;

    protected override Tensor Rows(PairBatch batch, Tensor margin)
    {
        _margin = margin;
        Thread.Sleep(2);
        return base.Rows(batch, _margin);
    }
}

internal sealed class KeepsTensor : SoundLoss
{
    protected override Tensor Reduce(Tensor rows)
    {
        rows.detach().clone().DetachFromDisposeScope();
        return rows.mean();
    }
}

internal sealed class CpuOnly : SoundLoss
{
    protected override Tensor Rows(PairBatch batch, Tensor margin) => base.Rows(batch, margin) * ones(margin.size(0), margin.dtype);
}
