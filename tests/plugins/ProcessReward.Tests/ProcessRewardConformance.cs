using RewardKit.Conformance;
using RewardKit.Plugins.Steps;

namespace RewardKit.Plugins.ProcessReward.Tests;

[TestFixture(MeanOver.Steps)]
[TestFixture(MeanOver.Solutions)]
public sealed class ProcessRewardLossConformance(MeanOver over) : LossConformance
{
    protected override ILoss Create() => new ProcessRewardLoss(new() { MeanOver = over });
}

[TestFixture(StepReward.Min)]
[TestFixture(StepReward.Product)]
[TestFixture(StepReward.Last)]
[TestFixture(StepReward.MeanOdds)]
public sealed class ProcessRewardComposerConformance(StepReward aggregate) : ComposerConformance
{
    protected override IScorerComposer Create() => new ProcessRewardComposer(new() { Aggregate = aggregate, Separator = " " });
}

public sealed class StepAccuracyConformance : EvaluatorConformance
{
    protected override IEvaluator Create() => new StepAccuracyEvaluator(new());
}
