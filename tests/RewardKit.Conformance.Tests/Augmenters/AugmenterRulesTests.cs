using RewardKit.Hosting.Experiments;

namespace RewardKit.Conformance.Tests.Augmenters;

public sealed class AugmenterRulesTests
{
    private static readonly BrokenPlugin[] Broken =
    [
        new("A01", "margin 1", Of<ChangesOriginals>()),
        new("A02", "Parent", Of<NoParent>()),
        new("A03", "before anybody asked", Of<ReadsAhead>(PluginTraits.WholeStream)),
        new("A04", "32 MB are allowed", Of<KeepsExamples>()),
        new("A05", "conformance/test", Of<PoolOfPrompts>()),
        new("A06", "begun again after", Of<RemembersWhatIsDone>()),
        new("A07", "the id polite", Of<SameIds>()),
        new("A08", "Needs", Of<ReadsBaseline>()),
        new("A09", "DivideByZeroException", Of<NeedsOne>()),
        new("A10", "never asks it", Of<NeedsForNothing>()),
        new("A11", "counted none", Of<CountsNothing>()),
        new("A13", "beside another text", Of<KeepsLabels>()),
        new("G04", "label", Of<Unseeded>()),
        new("G05", "as if its work were done", Of<IgnoresItsToken>()),
        new("G06", "polite.calls", Of<NumbersOn>()),
        new("G09", "1 tensors", Of<LeavesTensor>()),
    ];

    [TestCaseSource(nameof(Broken))]
    public void A_broken_augmenter_is_caught_by_its_rule_alone(BrokenPlugin plugin) => plugin.IsCaughtByItsRuleAlone();

    [Test]
    public void Every_rule_has_an_augmenter_that_breaks_it() => BrokenPlugin.AreForEveryRuleOf(PluginKind.Augmenter, Broken);

    [Test]
    public void A_generator_that_is_read_without_a_need_is_caught() =>
        new BrokenPlugin("A08", "context.Generator", Of<ReadsGenerator>()).IsCaughtByItsRuleAlone();

    [Test]
    public void A_generator_that_is_needed_and_not_asked_is_caught() =>
        new BrokenPlugin("A10", "a text generator, but never asks it", Of<NeedsGeneratorForNothing>()).IsCaughtByItsRuleAlone();

    [Test]
    public void Language_models_that_are_read_without_a_need_are_caught()
    {
        new BrokenPlugin("A08", "context.Writer", Of<ReadsWriter>()).IsCaughtByItsRuleAlone();
        new BrokenPlugin("A08", "context.Policy", Of<ReadsPolicies>()).IsCaughtByItsRuleAlone();
        new BrokenPlugin("A08", "it names the policy \"previous\"", Of<NamesAPolicyWithoutNeed>()).IsCaughtByItsRuleAlone();
    }

    [Test]
    public void Language_models_that_are_needed_and_not_asked_are_caught()
    {
        new BrokenPlugin("A10", "what the starting model writes", Of<NeedsWriterForNothing>()).IsCaughtByItsRuleAlone();
        new BrokenPlugin("A10", "the policy \"start\", but never asks it", Of<NeedsPolicyForNothing>()).IsCaughtByItsRuleAlone();
        new BrokenPlugin("A10", "the policy \"oldest\", but never asks it", Of<NamesAPolicyForNothing>()).IsCaughtByItsRuleAlone();
    }

    [Test]
    public void Only_one_that_says_so_may_drop_originals_and_none_may_change_them()
    {
        new BrokenPlugin("A01", "is missing", Of<DropsOriginals>()).IsCaughtByItsRuleAlone();
        new BrokenPlugin("A01", "margin 1", Of<ChangesOriginals>(PluginTraits.DropsExamples)).IsCaughtByItsRuleAlone();
    }

    private static AugmenterSubject Of<T>(PluginTraits traits = PluginTraits.None) where T : IAugmenter, new() => new(() => new T()) { Traits = traits };
}

public sealed class SoundAugmenterTests : AugmenterConformance
{
    protected override PluginTraits? Traits => PluginTraits.ThreadSafe;

    protected override IAugmenter Create() => new SoundAugmenter();
}

public sealed class SoundRewriterTests : AugmenterConformance
{
    protected override ITextGenerator Generator => ScriptedGenerators.Of(prompt => prompt + " Tell me, please.");

    protected override IAugmenter Create() => new SoundRewriter();
}

public sealed class SoundSamplerTests : AugmenterConformance
{
    protected override IAugmenter Create() => new SoundSampler();
}

public sealed class SoundFilterTests : AugmenterConformance
{
    protected override PluginTraits? Traits => PluginTraits.DropsExamples;

    protected override IAugmenter Create() => new DropsOriginals();
}
