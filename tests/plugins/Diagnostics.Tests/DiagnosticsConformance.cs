using RewardKit.Conformance;

namespace RewardKit.Plugins.Diagnostics.Tests;

public sealed class CalibrationConformance : EvaluatorConformance
{
    protected override double? ConstantScorerGets => 0.5;

    protected override IEvaluator Create() => new CalibrationEvaluator();
}

public sealed class LengthBiasConformance : EvaluatorConformance
{
    protected override double? ConstantScorerGets => 0.5;

    protected override IEvaluator Create() => new LengthBiasEvaluator(new());
}
