using RewardKit.Conformance;

namespace RewardKit.Plugins.ControlledDecoding.Tests;

public sealed class ControlledConformance : DecoderConformance
{
    protected override IDecoder Create() => new ControlledDecoder(new());
}

[TestFixture(3, 4)]
[TestFixture(2, 1)]
public sealed class BlockwiseConformance(int k, int m) : DecoderConformance
{
    protected override IDecoder Create() => new BlockwiseDecoder(new() { K = k, M = m });
}

public sealed class CdFudgeConformance : LossConformance
{
    protected override ILoss Create() => new CdFudgeLoss();
}
