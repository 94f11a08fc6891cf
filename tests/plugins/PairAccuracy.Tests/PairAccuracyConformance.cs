using RewardKit.Conformance;

namespace RewardKit.Plugins.PairAccuracy.Tests;

[TestFixture(EqualRewards.Strict, 0.0)]
[TestFixture(EqualRewards.Half, 0.5)]
public sealed class PairAccuracyConformance(EqualRewards ties, double constant) : EvaluatorConformance
{
    protected override double? ConstantScorerGets => constant;

    protected override IEvaluator Create() => new PairAccuracyEvaluator(new() { Ties = ties });
}
