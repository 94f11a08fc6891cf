using RewardKit.Conformance;

namespace RewardKit.Plugins.GenArm.Tests;

[TestFixture(false)]
[TestFixture(true)]
public sealed class GenArmDecoderConformance(bool normalise) : DecoderConformance
{
    protected override IDecoder Create() => new GenArmDecoder(new() { Normalise = normalise });
}

[TestFixture(false, false, 0, 0)]
[TestFixture(true, true, 0.5, 0.1)]
public sealed class GenArmLossConformance(bool hinge, bool perToken, double margin, double smoothing) : LossConformance
{
    protected override ILoss Create() => new GenArmLoss(new() { Hinge = hinge, PerToken = perToken, Margin = margin, LabelSmoothing = smoothing });
}
