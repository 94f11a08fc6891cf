using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.ProcessReward.Tests;

public sealed class ProcessRewardLossTests : LossFixture
{
    // By hand: rewards 2, −1 of a chosen response, 0.5 of a rejected one, 0 and −3 of a second pair's.
    private static readonly double[] Rewards = [2, -1, 0.5, 0, -3];
    private static readonly double[] Labels = [1, 1, 0, 0.25, 0];
    private static readonly double[] Each = [0.126928011, 1.313261688, 0.974076984, 0.693147181, 0.048587352];

    [Test]
    public void The_mean_is_over_steps_or_over_solutions()
    {
        var (steps, gradient) = Compute(MeanOver.Steps);
        var (solutions, weighted) = Compute(MeanOver.Solutions);
        Assert.Multiple(() =>
        {
            Assert.That(steps, Is.EqualTo(Each.Average()).Within(1e-8));
            Assert.That(solutions, Is.EqualTo(((Each[0] + Each[1]) / 2 + Each[2] + (Each[3] + Each[4]) / 2) / 3).Within(1e-8));
            // σ(r) − y, over five steps; or over three solutions of two, one and two steps.
            double[] difference = [-0.119202922, -0.731058579, 0.622459331, 0.25, 0.047425873];
            Assert.That(gradient, Is.EqualTo(difference.Select(d => d / 5)).Within(1e-8));
            Assert.That(weighted, Is.EqualTo(difference.Zip((double[])[6, 6, 3, 6, 6], (d, share) => d / share)).Within(1e-8));
        });
    }

    [Test]
    public void Its_share_of_a_step_is_what_its_mean_is_over()
    {
        var batch = Labelled();
        Assert.That(new ProcessRewardLoss(new()).Weight(batch), Is.EqualTo(5));
        Assert.That(new ProcessRewardLoss(new() { MeanOver = MeanOver.Solutions }).Weight(batch), Is.EqualTo(3));
    }

    [Test]
    public void A_step_counts_as_right_above_even_odds()
    {
        var result = new ProcessRewardLoss(new()).Compute(Labelled(), new PairForward { StepRewards = torch.tensor(Rewards) });
        // Of 2, −1, 0.5, 0, −3 the first, the fourth and the last are judged as their labels say.
        Assert.That(Value(result.Metrics["step-accuracy"]), Is.EqualTo(0.6).Within(1e-12));
    }

    [Test]
    public void Nothing_stays_alive()
    {
        var leaf = torch.tensor(Rewards).requires_grad_();
        AssertLeavesNoTensor(new ProcessRewardLoss(new() { MeanOver = MeanOver.Solutions }), Labelled(), new PairForward { StepRewards = leaf });
    }

    private static (double Loss, double[] Gradient) Compute(MeanOver over)
    {
        var leaf = torch.tensor(Rewards).requires_grad_();
        var loss = new ProcessRewardLoss(new() { MeanOver = over }).Compute(Labelled(), new PairForward { StepRewards = leaf }).Loss;
        loss.backward();
        return (Value(loss), Gradient(leaf));
    }

    private static PairBatch Labelled()
    {
        var plain = Batch(Preferences(2));
        return new(plain.Examples, plain.Ties, plain.ResponseLengths, plain.Step)
        {
            StepLabels = torch.tensor(Labels),
            StepCounts = torch.tensor((long[])[2, 1, 2, 0]).reshape(2, 2),
        };
    }
}
