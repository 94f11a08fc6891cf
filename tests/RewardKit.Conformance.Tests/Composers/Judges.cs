namespace RewardKit.Conformance.Tests.Composers;

/// <summary>A judge that is asked in both orders: made of no member, and keeps every rule; what follows breaks one each.</summary>
[Composer("sound-judge", Traits = PluginTraits.NoMembers)]
internal class SoundJudge : IScorerComposer
{
    public ComposerNeeds Needs => ComposerNeeds.Generator;

    protected virtual bool BothOrders => true;

    protected virtual bool TurnsTheSign => true;

    protected virtual bool PrefersAmongEqualOnes => false;

    public IScorer Compose(IReadOnlyList<ScorerMember> members, CompositionContext context, CancellationToken cancellation)
    {
        Check(members);
        return new Comparer(this, context.Generator);
    }

    protected virtual void Check(IReadOnlyList<ScorerMember> members)
    {
        if (members.Count > 0) throw RewardKitException.Input("The judge takes no scorers.");
    }

    protected virtual CancellationToken Token(CancellationToken cancellation) => cancellation;

    private sealed class Comparer(SoundJudge judge, ITextGenerator generator) : IOrderedPairScorer
    {
        public string Name => "judge";

        public IReadOnlyList<OrderedOdds> CompareOrders(IReadOnlyList<PairRequest> requests, CancellationToken cancellation)
        {
            var exchanged = Ask([.. requests.Select(r => new PairRequest(r.Prompt, r.Second, r.First))], cancellation);
            return [.. Ask(requests, cancellation).Zip(exchanged, (one, other) => new OrderedOdds(one, judge.TurnsTheSign ? -other : other))];
        }

        public IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation)
        {
            var (inOrder, exchanged) = (Ask(requests, cancellation), Ask([.. requests.Select(r => new PairRequest(r.Prompt, r.Second, r.First))], cancellation));
            return [.. requests.Select((r, i) => judge.PrefersAmongEqualOnes && r.First.Equals(r.Second) ? 1 : judge.BothOrders ? inOrder[i] - exchanged[i] : inOrder[i])];
        }

        private double[] Ask(IReadOnlyList<PairRequest> requests, CancellationToken cancellation)
        {
            TextRequest[] asked = [.. requests.Select(r => new TextRequest(Conversation.User($"{r.Prompt} {r.First} {r.Second}"), new()))];
            var replies = generator.GenerateAsync(asked, judge.Token(cancellation)).GetAwaiter().GetResult();
            return [.. replies.Select(reply => reply.Text.Contains("[[A]]") ? 1.0 : reply.Text.Contains("[[B]]") ? -1 : 0)];
        }
    }
}

[Composer("ignores-members", Traits = PluginTraits.NoMembers)]
internal sealed class IgnoresMembers : SoundJudge
{
    protected override void Check(IReadOnlyList<ScorerMember> members) { }
}

[Composer("likes-the-first", Traits = PluginTraits.NoMembers)]
internal sealed class LikesTheFirst : SoundJudge
{
    protected override bool BothOrders => false;
}

[Composer("equal-ones-differ", Traits = PluginTraits.NoMembers)]
internal sealed class EqualOnesDiffer : SoundJudge
{
    protected override bool PrefersAmongEqualOnes => true;
}

[Composer("forgets-the-sign", Traits = PluginTraits.NoMembers)]
internal sealed class ForgetsTheSign : SoundJudge
{
    protected override bool TurnsTheSign => false;
}

[Composer("uninterruptible-judge", Traits = PluginTraits.NoMembers)]
internal sealed class UninterruptibleJudge : SoundJudge
{
    protected override CancellationToken Token(CancellationToken cancellation) => CancellationToken.None;
}

public sealed class SoundJudgeTests : ComposerConformance
{
    protected override IScorerComposer Create() => new SoundJudge();
}
