using RewardKit.Conformance;

namespace RewardKit.Plugins.Dpo.Tests;

[TestFixture(DpoForm.Sigmoid, 0.0, LabelNoise.Conservative, true)]
[TestFixture(DpoForm.Sigmoid, 0.2, LabelNoise.Conservative, false)]
[TestFixture(DpoForm.Sigmoid, 0.2, LabelNoise.Robust, true)]
[TestFixture(DpoForm.Ipo, 0.0, LabelNoise.Conservative, true)]
[TestFixture(DpoForm.Hinge, 0.0, LabelNoise.Conservative, true)]
public sealed class DpoLossConformance(DpoForm form, double smoothing, LabelNoise noise, bool reference) : LossConformance
{
    protected override ILoss Create() => new DpoLoss(new() { Form = form, LabelSmoothing = smoothing, LabelNoise = noise, Reference = reference });
}

public sealed class SimpoLossConformance : LossConformance
{
    protected override ILoss Create() => new SimpoLoss(new());
}

public sealed class SftLossConformance : LossConformance
{
    protected override ILoss Create() => new SftLoss();
}

[TestFixture(true, false)]
[TestFixture(false, false)]
[TestFixture(true, true)]
public sealed class ImplicitRewardConformance(bool reference, bool perToken) : ComposerConformance
{
    protected override IScorerComposer Create() => new ImplicitRewardComposer(new() { Reference = reference, PerToken = perToken });
}
