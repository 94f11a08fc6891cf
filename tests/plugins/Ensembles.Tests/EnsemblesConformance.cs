using RewardKit.Conformance;

namespace RewardKit.Plugins.Ensembles.Tests;

[TestFixture(3, Reduction.Mean, 0.0)]
[TestFixture(2, Reduction.Sum, 0.01)]
[TestFixture(1, Reduction.Mean, 0.0)]
public sealed class EnsembleLossConformance(int heads, Reduction reduction, double centring) : LossConformance
{
    protected override ILoss Create() => new EnsembleLoss(new() { Heads = heads, Reduction = reduction, Centring = centring });
}

[TestFixture(Aggregate.Mean, 0, false)]
[TestFixture(Aggregate.Median, 0, false)]
[TestFixture(Aggregate.Worst, 0, false)]
[TestFixture(Aggregate.LowerBound, 1, false)]
[TestFixture(Aggregate.LowerBound, 0, true)]
[TestFixture(Aggregate.MeanLessVariance, 1, false)]
public sealed class EnsembleComposerConformance(Aggregate aggregate, int ddof, bool normalise) : ComposerConformance
{
    protected override IScorerComposer Create() => new EnsembleComposer(new() { Aggregate = aggregate, Ddof = ddof, Normalise = normalise, Caution = 0.5 });
}
