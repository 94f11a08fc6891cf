using RewardKit.Conformance;

namespace RewardKit.Plugins.CriticRm.Tests;

// Few texts a pair: a rule goes through 100,000 of them.

public sealed class CriticAugmenterConformance : AugmenterConformance
{
    protected override ITextGenerator Generator => ScriptedCritic.Forgetful();

    protected override IAugmenter Create() => new CriticAugmenter(new() { Candidates = 1, TopK = 1, Refinement = Refinement.Summarise });
}

[TestFixture(Critic.Own)]
[TestFixture(Critic.Generator)]
public sealed class CriticComposerConformance(Critic critic) : ComposerConformance
{
    protected override IScorerComposer Create() => new CriticComposer(new() { Critic = critic, Samples = 2 });
}
