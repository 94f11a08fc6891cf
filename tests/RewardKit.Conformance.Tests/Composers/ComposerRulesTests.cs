using RewardKit.Hosting.Experiments;

namespace RewardKit.Conformance.Tests.Composers;

/// <summary>The weighted mean, which keeps every rule; what follows breaks one each.</summary>
internal class SoundComposer : IScorerComposer
{
    public virtual ComposerNeeds Needs => ComposerNeeds.None;

    public virtual IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        Check(members);
        return new Composed(this, members);
    }

    protected virtual void Check(IReadOnlyList<ScorerMember> members)
    {
        if (members.Any(m => m.Weight < 0) || members.All(m => m.Weight == 0))
            throw RewardKitException.Input("The mean needs members, weights of 0 or more, and one above 0.");
    }

    protected virtual double[] Aggregate(IReadOnlyList<(double Weight, IReadOnlyList<double> Scores)> members, int requests) =>
        [.. Enumerable.Range(0, requests).Select(i => One([.. members.Select(m => (m.Weight, m.Scores[i]))]))];

    protected virtual double One(IReadOnlyList<(double Weight, double Score)> members) => members.Sum(m => m.Weight * m.Score) / members.Sum(m => m.Weight);

    protected virtual CancellationToken Token(CancellationToken cancellation) => cancellation;

    private sealed class Composed(SoundComposer composer, IReadOnlyList<ScorerMember> members) : IScorer
    {
        public string Name => "mean";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
            composer.Aggregate([.. members.Select(m => (m.Weight, m.Scorer.Score(requests, composer.Token(cancellation))))], requests.Count);
    }
}

internal sealed class ScoresNothing : SoundComposer
{
    protected override double[] Aggregate(IReadOnlyList<(double Weight, IReadOnlyList<double> Scores)> members, int requests) =>
        requests == 0 ? [0] : base.Aggregate(members, requests);
}

internal sealed class CentresTheBatch : SoundComposer
{
    protected override double[] Aggregate(IReadOnlyList<(double Weight, IReadOnlyList<double> Scores)> members, int requests)
    {
        var scores = base.Aggregate(members, requests);
        return requests == 0 ? scores : [.. scores.Select(score => score - scores[0] / 2)];
    }
}

internal sealed class FirstCountsTwice : SoundComposer
{
    protected override double One(IReadOnlyList<(double Weight, double Score)> members) => base.One([members[0], .. members]);
}

internal sealed class DeviationOfOne : SoundComposer
{
    protected override double One(IReadOnlyList<(double Weight, double Score)> members)
    {
        var (mean, total) = (base.One(members), members.Sum(m => m.Weight));
        return mean - 0.1 * Math.Sqrt(members.Sum(m => m.Weight * (m.Score - mean) * (m.Score - mean)) / (total - 1));
    }
}

internal sealed class OnAnotherScale : SoundComposer
{
    protected override double One(IReadOnlyList<(double Weight, double Score)> members) => base.One(members) + 1;
}

internal sealed class IgnoresWeights : SoundComposer
{
    protected override double One(IReadOnlyList<(double Weight, double Score)> members) => members.Average(m => m.Score);
}

internal sealed class TakesAnything : SoundComposer
{
    protected override void Check(IReadOnlyList<ScorerMember> members) { }
}

internal sealed class FallsWithItsMembers : SoundComposer
{
    protected override double One(IReadOnlyList<(double Weight, double Score)> members) =>
        members.Count == 1 ? base.One(members) : base.One(members) - 2 * members.Where(m => m.Weight > 0).Min(m => m.Score);
}

internal sealed class UninterruptibleComposer : SoundComposer
{
    protected override CancellationToken Token(CancellationToken cancellation) => CancellationToken.None;
}

/// <summary>Scores by what the members' language models say of a response, and keeps every rule.</summary>
internal class SoundLikelihood : SoundComposer
{
    public override ComposerNeeds Needs => ComposerNeeds.Policies;

    public override IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation) =>
        base.Compose([.. members.Select(m => m with { Scorer = new Gained(m.Policy!, m.Reference!) })], context, cancellation);

    private sealed class Gained(IPolicy policy, IPolicy reference) : IScorer
    {
        public string Name => "gained";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
            [.. policy.LogProbs(requests, cancellation).Zip(reference.LogProbs(requests, cancellation), (p, r) => p.LogProb - r.LogProb)];
    }
}

internal sealed class ReadsPolicies : SoundLikelihood
{
    public override ComposerNeeds Needs => ComposerNeeds.None;
}

internal sealed class ReadsRewardsOfPolicies : SoundComposer
{
    public override ComposerNeeds Needs => ComposerNeeds.Policies;

    public override IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        foreach (var member in members) member.Policy!.LogProbs([]);
        return base.Compose(members, context, cancellation);
    }
}

internal sealed class ReadsWriters : SoundComposer
{
    public override IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        foreach (var member in members) ArgumentNullException.ThrowIfNull(member.Writer);
        return base.Compose(members, context, cancellation);
    }
}

internal sealed class ReadsGenerator : SoundComposer
{
    public override IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(context.Generator.Name);
        return base.Compose(members, context, cancellation);
    }
}

internal sealed class ReadsHeads : SoundComposer
{
    public override IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation) =>
        base.Compose([.. members.Select(m => m with { Scorer = m.Heads ?? m.Scorer, Weight = m.Heads is null ? m.Weight : 2 * m.Weight })], context, cancellation);
}

internal sealed class ReadsReferences : SoundComposer
{
    private double _mean;

    protected override double One(IReadOnlyList<(double Weight, double Score)> members) => base.One(members) - _mean;

    public override IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        // Nothing without them, and nothing of equal members or of one.
        _mean = context.Reference.Count == 0 ? 0 : 0.001 * (members.Where(m => m.Weight > 0).Select(m => m.Scorer.Name).Distinct().Count() - 1);
        return base.Compose(members, context, cancellation);
    }
}

internal sealed class MembersChangePlaces : SoundComposer
{
    public override IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation) =>
        new Ensemble(base.Compose(members, context, cancellation), members);

    private sealed class Ensemble(IScorer whole, IReadOnlyList<ScorerMember> members) : IEnsembleScorer
    {
        public string Name => "mean";

        public IReadOnlyList<EnsembleScore> ScoreMembers(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation)
        {
            var scores = members.Select(m => m.Scorer.Score(requests, cancellation)).ToArray();
            return [.. whole.Score(requests, cancellation).Select((reward, i) => new EnsembleScore(reward, [.. scores.Skip(i % scores.Length).Concat(scores.Take(i % scores.Length)).Select(s => s[i])]))];
        }
    }
}

internal sealed class SpeaksBehindTheEnd : SoundComposer
{
    public override IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation) =>
        new Steps(base.Compose(members, context, cancellation));

    private sealed class Steps(IScorer whole) : IStepScorer
    {
        public string Name => "mean";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) => whole.Score(requests, cancellation);

        public IReadOnlyList<IReadOnlyList<PlacedReward>> ScoreSteps(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
            [.. requests.Select(request => (PlacedReward[])[new(request.Response.LastContent.Length + 1, 0)])];
    }
}

internal sealed class AddsWhatWritersLike : SoundComposer
{
    private bool _writes;

    protected override double One(IReadOnlyList<(double Weight, double Score)> members) => base.One(members) + (_writes ? 0.1 : 0);

    public override IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        _writes = members.Any(m => m.Writer is not null);
        return base.Compose(members, context, cancellation);
    }
}

internal class NeedsForNothing(ComposerNeeds needs) : SoundComposer
{
    public override ComposerNeeds Needs => needs;
}

internal sealed class NeedsWriters() : NeedsForNothing(ComposerNeeds.Writers);

internal sealed class NeedsGenerator() : NeedsForNothing(ComposerNeeds.Generator);

public sealed class ComposerRulesTests
{
    private static readonly BrokenPlugin[] Broken =
    [
        new("C01", "for 0 requests there are 1", Of<ScoresNothing>()),
        new("C02", "twelve requests", Of<CentresTheBatch>()),
        new("C03", "another order", Of<FirstCountsTwice>()),
        new("C04", "every request NaN", Of<DeviationOfOne>()),
        new("C05", "three times composed", Of<OnAnotherScale>()),
        new("C06", "weight zero", Of<IgnoresWeights>()),
        new("C07", "no member: it scores", Of<TakesAnything>()),
        new("C08", "0.5 higher", Of<FallsWithItsMembers>()),
        new("C10", "a member's Policy and Reference", Of<ReadsPolicies>()),
        new("C10", "a member need not have any", Of<ReadsRewardsOfPolicies>()),
        new("C10", "a member's Writer", Of<ReadsWriters>()),
        new("C10", "context.Generator", Of<ReadsGenerator>()),
        new("C10", "a member's Heads", Of<ReadsHeads>()),
        new("C10", "context.Reference", Of<ReadsReferences>()),
        new("C13", "one by one", Of<MembersChangePlaces>()),
        new("C14", "a place outside of it", Of<SpeaksBehindTheEnd>()),
        new("C11", "never asks one", Of<NeedsWriters>()),
        new("C11", "never asks it", Of<NeedsGenerator>()),
        new("C07", "a member: it scores", Of<IgnoresMembers>()),
        new("C12", "the sign turned", Of<LikesTheFirst>()),
        new("C12", "both orders of six pairs", Of<ForgetsTheSign>()),
        new("C12", "of two equal responses", Of<EqualOnesDiffer>()),
        new("G05", "as if its work were done", Of<UninterruptibleComposer>()),
        new("G05", "a slow generator", Of<UninterruptibleJudge>()),
    ];

    [TestCaseSource(nameof(Broken))]
    public void A_broken_composer_is_caught_by_its_rule_alone(BrokenPlugin plugin) => plugin.IsCaughtByItsRuleAlone();

    [Test]
    public void Every_rule_has_a_composer_that_breaks_it() => Assert.That(
        Broken.Select(b => b.Rule).Where(id => id[0] == 'C').Distinct(),
        Is.EquivalentTo(Rule.For(PluginKind.Composer).Where(r => r.Kind != RuleKind.Untested && r.Id[0] == 'C').Select(r => r.Id)));

    [Test]
    public void What_is_not_needed_may_not_change_a_score() =>
        Assert.That(
            Rule.For(PluginKind.Composer).Single(r => r.Id == "C10").Check(Of<AddsWhatWritersLike>()).Message,
            Does.Contain("with a member's Writer, which its Needs do not name, then without it"));

    [Test]
    public void Policies_that_are_needed_and_not_asked_are_caught() =>
        Assert.That(
            Rule.For(PluginKind.Composer).Single(r => r.Id == "C11").Check(Of<ReadsRewardsOfPolicies>()).Message,
            Does.Contain("the members' policies, but never asks one"));

    private static ComposerSubject Of<T>() where T : IScorerComposer, new() => new(() => new T());
}

public sealed class SoundComposerTests : ComposerConformance
{
    protected override IScorerComposer Create() => new SoundComposer();
}

public sealed class SoundLikelihoodTests : ComposerConformance
{
    protected override IScorerComposer Create() => new SoundLikelihood();
}
