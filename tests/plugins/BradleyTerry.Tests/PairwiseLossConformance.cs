using RewardKit.Conformance;

namespace RewardKit.Plugins.BradleyTerry.Tests;

public sealed class PairwiseLossConformance : LossConformance
{
    protected override ILoss Create() => new PairwiseLoss(new());
}

public sealed class PairwiseLossWithAThirdLabelConformance : LossConformance
{
    protected override ILoss Create() => new PairwiseLoss(new() { Ties = TieTarget.ThirdLabel, Vocabulary = Vocabulary.Full });
}
