using RewardKit.Hosting.Experiments;
using TorchSharp;

namespace RewardKit.Conformance.Tests.Mergers;

/// <summary>The weighted mean by name, which keeps every rule; what follows breaks one each.</summary>
internal class SoundMerger : IWeightMerger
{
    public MergedWeights Merge(IReadOnlyList<MergeMember> models)
    {
        foreach (var model in models.Skip(1)) Check(models[0].Model, model.Model);
        return new(models[0].Model.Weights, weight =>
        {
            using var scope = torch.NewDisposeScope();
            var sum = Shares([.. models.Select(m => m.Weight)]).Select((share, i) => models[i].Model.Read(weight.Name).to_type(torch.ScalarType.Float32) * share)
                .Aggregate((sum, next) => sum + next);
            return Typed(sum, weight).MoveToOuterDisposeScope();
        });
    }

    protected virtual IReadOnlyList<double> Shares(IReadOnlyList<double> weights) => [.. weights.Select(weight => weight / weights.Sum())];

    protected virtual torch.Tensor Typed(torch.Tensor sum, ModelWeight weight) => sum.to_type(weight.Type);

    protected virtual void Check(IModelWeights first, IModelWeights other)
    {
        foreach (var weight in first.Weights)
            if (other.Weights.FirstOrDefault(w => w.Name == weight.Name)?.Shape.SequenceEqual(weight.Shape) is not true)
                throw RewardKitException.Input($"{weight.Name} of {other.Name} does not fit that of {first.Name}.");
    }
}

internal sealed class AlwaysFloat32 : SoundMerger
{
    protected override torch.Tensor Typed(torch.Tensor sum, ModelWeight weight) => sum;
}

internal sealed class DoublesOne : SoundMerger
{
    protected override IReadOnlyList<double> Shares(IReadOnlyList<double> weights) => weights.Count == 1 ? [2] : base.Shares(weights);
}

internal sealed class PlainMean : SoundMerger
{
    protected override IReadOnlyList<double> Shares(IReadOnlyList<double> weights) => [.. weights.Select(_ => 1.0 / weights.Count)];
}

internal sealed class HalfTheOthers : SoundMerger
{
    protected override IReadOnlyList<double> Shares(IReadOnlyList<double> weights) => [.. base.Shares(weights).Select((share, i) => i == 0 ? share : share / 2)];
}

internal sealed class LaterCountMore : SoundMerger
{
    protected override IReadOnlyList<double> Shares(IReadOnlyList<double> weights) => base.Shares([.. weights.Select((weight, i) => weight * (i + 1))]);
}

internal sealed class FirstAlone : SoundMerger
{
    protected override IReadOnlyList<double> Shares(IReadOnlyList<double> weights) => [.. weights.Select((_, i) => i == 0 ? 1.0 : 0)];
}

internal sealed class Broadcasts : SoundMerger
{
    protected override void Check(IModelWeights first, IModelWeights other) { }
}

public sealed class MergerRulesTests
{
    private static readonly BrokenPlugin[] Broken =
    [
        new("M01", "is said to be BFloat16, and made Float32", Of<AlwaysFloat32>()),
        new("M02", "one model alone", Of<DoublesOne>()),
        new("M03", "weights 1 and 0", Of<PlainMean>()),
        new("M04", "0.3 and 0.7", Of<HalfTheOthers>()),
        new("M05", "exchanged", Of<LaterCountMore>()),
        new("M06", "no layer differs", Of<FirstAlone>()),
        new("M07", "of another shape: it is merged", Of<Broadcasts>()),
    ];

    [TestCaseSource(nameof(Broken))]
    public void A_broken_merger_is_caught_by_its_rule_alone(BrokenPlugin plugin) => plugin.IsCaughtByItsRuleAlone();

    [Test]
    public void Every_rule_has_a_merger_that_breaks_it() => Assert.That(
        Broken.Select(b => b.Rule), Is.EquivalentTo(Rule.For(PluginKind.Merger).Where(r => r.Kind != RuleKind.Untested && r.Id[0] == 'M').Select(r => r.Id)));

    private static MergerSubject Of<T>() where T : IWeightMerger, new() => new(() => new T());
}

public sealed class SoundMergerTests : MergerConformance
{
    protected override IWeightMerger Create() => new SoundMerger();
}
