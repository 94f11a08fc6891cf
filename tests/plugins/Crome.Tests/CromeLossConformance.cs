using RewardKit.Conformance;

namespace RewardKit.Plugins.Crome.Tests;

public sealed class CromeLossConformance : LossConformance
{
    protected override ILoss Create() => new CromeLoss(new());
}

public sealed class PairwiseCromeLossConformance : LossConformance
{
    protected override ILoss Create() => new CromeLoss(new() { Form = Form.Pairwise, Vocabulary = Vocabulary.Full });
}
