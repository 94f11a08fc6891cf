using TorchSharp;

namespace RewardKit.Plugins.Dpo;

/// <summary>What is logged of implicit rewards.</summary>
internal static class ImplicitMetrics
{
    /// <summary>Means over the preferences of a batch, for a tie has no right order; nothing where all tie.</summary>
    /// <param name="batch">The pairs.</param>
    /// <param name="rewards">Implicit rewards, <c>[pairs, 2]</c>, detached.</param>
    public static Dictionary<string, torch.Tensor> Of(PairBatch batch, torch.Tensor rewards)
    {
        var preferences = batch.Examples.Count(e => e.Relation == Relation.Preferred);
        if (preferences == 0) return [];
        var (chosen, rejected) = (rewards.select(1, 0), rewards.select(1, 1));
        // Before the first step all rewards are 0: equal ones count half, or a model that knows nothing would seem to know all or nothing.
        var right = ((chosen - rejected).sign() + 1) / 2;
        return new()
        {
            ["acc.implicit"] = Mean(right),
            ["margin.implicit"] = Mean(chosen - rejected),
            ["implicit.chosen"] = Mean(chosen),
            ["implicit.rejected"] = Mean(rejected),
        };

        torch.Tensor Mean(torch.Tensor values) => (batch.Ties.logical_not() * values).sum() / preferences;
    }
}
