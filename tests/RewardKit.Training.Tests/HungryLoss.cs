using RewardKit.Plugins.BradleyTerry;
using TorchSharp;

namespace RewardKit.Training.Tests;

/// <summary>Bradley-Terry that asks for more memory than there is where a pass has too many pairs.</summary>
/// <param name="fits">The pairs that fit.</param>
internal class HungryLoss(int fits) : ILoss
{
    public ForwardNeeds Needs => ForwardNeeds.Rewards;

    public LossResult Compute(PairBatch batch, PairForward forward)
    {
        if (batch.Pairs > fits) torch.empty([1L << 50]);
        return new BradleyTerryLoss().Compute(batch, forward);
    }
}
