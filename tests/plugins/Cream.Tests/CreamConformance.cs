using RewardKit.Conformance;

namespace RewardKit.Plugins.Cream.Tests;

public sealed class CreamLossConformance : LossConformance
{
    protected override ILoss Create() => new CreamLoss(new());
}

// Few answers a prompt: a rule goes through 100,000 of them.

[TestFixture(Reward.Intrinsic, Label.Average)]
[TestFixture(Reward.Likelihood, Label.Dynamic)]
public sealed class CreamAugmenterConformance(Reward reward, Label label) : AugmenterConformance
{
    protected override IAugmenter Create() => new CreamAugmenter(new() { Samples = 2, Reward = reward, Label = label, MinPairTokens = 0 });
}

[TestFixture(Judge.Own)]
[TestFixture(Judge.Generator)]
public sealed class SelfRewardingConformance(Judge judge) : AugmenterConformance
{
    protected override ITextGenerator Generator => Graded();

    protected override ITextGenerator Writer => Graded();

    protected override IAugmenter Create() => new SelfRewardingAugmenter(new() { Samples = 2, Judgements = 1, Judge = judge });

    // Answers by chance, and as a judge a grade by chance.
    private static ITextGenerator Graded() => ScriptedGenerators.Of(request => new(
        request.Prompt.LastContent.StartsWith("You grade", StringComparison.Ordinal) ? $"Score: {request.Options.Seed % 6}" : $"answer {request.Options.Seed % 97}",
        FinishReason.StopToken));
}
