using System.Runtime.CompilerServices;
using TorchSharp;

namespace RewardKit.Conformance.Tests.Augmenters;

/// <summary>Repeats every preference with a polite prompt, and keeps every rule; what follows breaks one each.</summary>
internal class SoundAugmenter : IAugmenter
{
    public virtual AugmenterNeeds Needs => AugmenterNeeds.None;

    public virtual async IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var random = new Random(context.Seed);
        var made = 0;
        await foreach (var example in examples.WithCancellation(cancellation))
        {
            yield return Original(example);
            if (example.Relation != Relation.Preferred) continue;
            made++;
            yield return Made(example, context, random);
        }
        Ended();
        Count(context, made);
    }

    protected virtual PreferenceExample Original(PreferenceExample example) => example;

    protected virtual PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random) => parent with
    {
        Id = $"{parent.Id}+polite",
        Prompt = Conversation.User($"{parent.Prompt.LastContent} {(random.Next(2) == 0 ? "Please!" : "Thank you.")}"),
        Provenance = parent.Provenance with { Augmentation = "polite", Parent = parent.Id },
    };

    protected virtual void Ended()
    {
    }

    protected virtual void Count(AugmentationContext context, int made) => context.Count("polite.made", made);
}

internal sealed class ChangesOriginals : SoundAugmenter
{
    protected override PreferenceExample Original(PreferenceExample example) => example with { Margin = 1 };
}

/// <summary>Sound where it says that it drops examples: every other one is gone, those made of it, too.</summary>
internal sealed class DropsOriginals : SoundAugmenter
{
    public override async IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var dropped = false;
        await foreach (var example in base.AugmentAsync(examples, context, cancellation))
        {
            if (example.Provenance.Parent is null) dropped = !dropped;
            if (!dropped) yield return example;
        }
    }
}

internal sealed class NoParent : SoundAugmenter
{
    protected override PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random) =>
        base.Made(parent, context, random) with { Provenance = new("polite", 1, "polite") };
}

internal sealed class ReadsAhead : SoundAugmenter
{
    public override IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, CancellationToken cancellation)
    {
        var all = examples.ToBlockingEnumerable(cancellation).ToArray();
        return base.AugmentAsync(new ExampleStream(all), context, cancellation);
    }
}

internal sealed class KeepsExamples : SoundAugmenter
{
    private readonly List<PreferenceExample> _all = [];

    protected override PreferenceExample Original(PreferenceExample example)
    {
        _all.Add(example);
        return example;
    }
}

internal sealed class PoolOfPrompts : SoundAugmenter
{
    private readonly List<Conversation> _test = [];

    protected override PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random)
    {
        if (parent.Provenance.Source.EndsWith("/test", StringComparison.Ordinal)) _test.Add(parent.Prompt);
        var made = base.Made(parent, context, random);
        return _test.Count == 0 ? made : made with { Prompt = _test[random.Next(_test.Count)] };
    }
}

internal sealed class RemembersWhatIsDone : SoundAugmenter
{
    private readonly HashSet<string> _done = [];

    protected override PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random)
    {
        var made = base.Made(parent, context, random);
        return _done.Add(parent.Id) ? made : made with { Prompt = parent.Prompt };
    }

    protected override void Ended() => _done.Clear();
}

internal sealed class SameIds : SoundAugmenter
{
    protected override PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random) =>
        base.Made(parent, context, random) with { Id = "polite" };
}

internal sealed class ReadsBaseline : SoundAugmenter
{
    protected override PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random) =>
        base.Made(parent, context, random) with { Margin = context.Baseline.ScorePairs([parent])[0].Margin };
}

internal sealed class NeedsOne : SoundAugmenter
{
    private int _seen;

    protected override PreferenceExample Original(PreferenceExample example)
    {
        _seen++;
        return example;
    }

    protected override void Count(AugmentationContext context, int made) => context.Count("polite.percent", 100 * made / Interlocked.Exchange(ref _seen, 0));
}

internal sealed class NeedsForNothing : SoundAugmenter
{
    public override AugmenterNeeds Needs => AugmenterNeeds.Baseline;
}

internal sealed class CountsNothing : SoundAugmenter
{
    protected override void Count(AugmentationContext context, int made)
    {
    }
}

internal sealed class Unseeded : SoundAugmenter
{
    private readonly Guid _guid = Guid.NewGuid();

    protected override PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random) =>
        base.Made(parent, context, random) is var made && parent.Id.EndsWith('1') ? made with { SoftLabel = 0.5 + _guid.GetHashCode() * 1e-12 } : made;
}

internal sealed class IgnoresItsToken : SoundAugmenter
{
    public override IAsyncEnumerable<PreferenceExample> AugmentAsync(
        IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, CancellationToken cancellation) =>
        base.AugmentAsync(examples, context, CancellationToken.None);
}

internal sealed class NumbersOn : SoundAugmenter
{
    private int _calls;

    protected override void Count(AugmentationContext context, int made) => context.Count("polite.calls", ++_calls);
}

internal sealed class LeavesTensor : SoundAugmenter
{
    protected override void Count(AugmentationContext context, int made)
    {
        context.Count("polite.made", made);
        torch.ones(3).DetachFromDisposeScope();
    }
}

/// <summary>Repeats every preference with a prompt that a generator wrote, and keeps every rule.</summary>
internal class SoundRewriter : SoundAugmenter
{
    public override AugmenterNeeds Needs => AugmenterNeeds.Generator;

    protected override PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random) =>
        base.Made(parent, context, random) with
        {
            Prompt = Conversation.User(context.Generator.GenerateAsync([new(parent.Prompt, new())]).GetAwaiter().GetResult()[0].Text),
        };
}

internal sealed class KeepsLabels : SoundAugmenter
{
    protected override PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random) =>
        base.Made(parent, context, random) with { Chosen = Conversation.Assistant($"Gladly: {parent.Chosen.LastContent}") };
}

internal sealed class ReadsGenerator : SoundRewriter
{
    public override AugmenterNeeds Needs => AugmenterNeeds.Baseline;

    protected override PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random) =>
        base.Made(parent, context, random) with { Margin = Math.Abs(context.Baseline.ScorePairs([parent])[0].Margin) };
}

internal sealed class NeedsGeneratorForNothing : SoundAugmenter
{
    public override AugmenterNeeds Needs => AugmenterNeeds.Generator;
}

/// <summary>Keeps what the starting model writes beside each preference, with what two models say of it, and keeps every rule.</summary>
internal class SoundSampler : SoundAugmenter, IAugmenter
{
    public override AugmenterNeeds Needs => AugmenterNeeds.Writer | AugmenterNeeds.Policies;

    public virtual IReadOnlyList<string> Policies => ["previous"];

    protected override PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random)
    {
        var sample = Conversation.Assistant(context.Writer.GenerateAsync([new(parent.Prompt, new() { Seed = random.Next() })]).GetAwaiter().GetResult()[0].Text);
        ScoreRequest[] asked = [new(parent.Prompt, sample)];
        return base.Made(parent, context, random) with
        {
            Rejected = sample,
            RejectedSteps = null,
            Margin = Math.Abs(context.Policy("previous").LogProbs(asked)[0].LogProb - context.Policy(AugmentationContext.Start).LogProbs(asked)[0].LogProb),
        };
    }
}

internal sealed class ReadsWriter : SoundSampler
{
    public override AugmenterNeeds Needs => AugmenterNeeds.Policies;
}

internal sealed class ReadsPolicies : SoundAugmenter
{
    protected override PreferenceExample Made(PreferenceExample parent, AugmentationContext context, Random random) =>
        base.Made(parent, context, random) with { Margin = context.Policy(AugmentationContext.Start).LogProbs([new(parent.Prompt, parent.Chosen)])[0].Tokens };
}

internal sealed class NamesAPolicyWithoutNeed : SoundAugmenter, IAugmenter
{
    IReadOnlyList<string> IAugmenter.Policies => ["previous"];
}

internal sealed class NeedsWriterForNothing : SoundAugmenter
{
    public override AugmenterNeeds Needs => AugmenterNeeds.Writer;
}

internal sealed class NeedsPolicyForNothing : SoundAugmenter
{
    public override AugmenterNeeds Needs => AugmenterNeeds.Policies;
}

internal sealed class NamesAPolicyForNothing : SoundSampler, IAugmenter
{
    IReadOnlyList<string> IAugmenter.Policies => ["previous", "oldest"];
}
