using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Generators;

namespace RewardKit.Conformance.Tests.Evaluators;

public sealed class EvaluatorRulesTests
{
    private static readonly BrokenPlugin[] Broken =
    [
        new("E01", "accuracy of the perfect scorer is 0", Of<ZeroIsMissing>()),
        new("E02", "accuracy of the reversed scorer is 1", Of<ZeroIsRight>()),
        new("E03", "where all rewards are equal", Of<EqualByPlace>()),
        new("E04", "a scorer that guesses", Of<WantsClearWins>()),
        new("E05", "first", Of<FirstPair>()),
        new("E06", "two halves, margin", Of<Normalised>()),
        new("E07", "2000 pairs at once have 1000 items", Of<Capped>()),
        new("E08", "the mean of its items", Of<OtherItems>()),
        new("E09", "without pairs, accuracy is NaN", Of<MeanOfNothing>()),
        new("E10", "the sample conformance:1", Of<SwapsSamples>()),
        new("E11", "chance", Of<NoChance>()),
        new("E13", "context.Generator", Of<ReadsGenerator>()),
        new("E13", "rewards of single responses", Of<AsksForRewards>()),
        new("E13", "judges what the model writes", OfReader<AsksTheScorerToo>(known: false)),
        new("E14", "never asks it", Of<NeedsForNothing>()),
        new("E14", "never asks for it", Of<NeedsWriterForNothing>()),
        new("E01", "accuracy of the echo writer is 0.9", OfReader<HardToPlease>()),
        new("E02", "accuracy of the words writer is 0.1", OfReader<KindToAll>()),
        new("G04", "the metric spread", Of<Bootstrap>()),
        new("G05", "as if its work were done", Of<IgnoresItsToken>()),
        new("G06", "accuracy.so.far", Of<RunningMean>()),
        new("G09", "1 tensors", Of<LeavesTensor>()),
    ];

    [TestCaseSource(nameof(Broken))]
    public void A_broken_evaluator_is_caught_by_its_rule_alone(BrokenPlugin plugin) => plugin.IsCaughtByItsRuleAlone();

    [Test]
    public void Every_rule_has_an_evaluator_that_breaks_it() => BrokenPlugin.AreForEveryRuleOf(PluginKind.Evaluator, Broken);

    [Test]
    public void A_stated_tie_rule_is_held_against_it()
    {
        var subject = new EvaluatorSubject(() => new SoundEvaluator()) { ConstantScorerGets = 0 };
        var result = Rule.For(PluginKind.Evaluator).Single(r => r.Id == "E03").Check(subject);
        Assert.That(result.Message, Does.Contain("accuracy is 0.5 instead of 0"));
    }

    [Test]
    public void What_shows_the_scorer_other_texts_is_not_tested_rather_than_failed()
    {
        var rewritten = SyntheticPairs.Draw(100, seed: 9, "elsewhere");
        var subject = new EvaluatorSubject(() => new SoundEvaluator()) { Perfect = _ => ScriptedScorers.Perfect(rewritten) };
        var result = Rule.For(PluginKind.Evaluator).Single(r => r.Id == "E01").Check(subject);
        Assert.That(result.Outcome, Is.EqualTo(RuleOutcome.NotTested));
        Assert.That(result.Message, Does.Contain("not among the pairs").And.Contain("override Perfect"));
    }

    [Test]
    public void A_writer_that_is_read_without_a_need_is_caught() => Assert.That(
        Rule.For(PluginKind.Evaluator).Single(r => r.Id == "E13").Check(Of<ReadsWriter>()).Message, Does.Contain("context.Writer"));

    [Test]
    public void Answers_that_nobody_knows_are_not_tested_rather_than_failed()
    {
        var result = Rule.For(PluginKind.Evaluator).Single(r => r.Id == "E01").Check(OfReader<SoundReader>(known: false));
        Assert.That(result.Outcome, Is.EqualTo(RuleOutcome.NotTested));
        Assert.That(result.Message, Does.Contain("override PerfectWriter"));
    }

    // Without writers that are always right or wrong, no rule but its own asks what it makes of the scorer.
    private static EvaluatorSubject OfReader<T>(bool known = true) where T : IEvaluator, new() => new(() => new T())
    {
        PerfectWriter = known ? SoundReaderTests.Echo : null,
        WrongWriter = known ? ScriptedGenerators.Words() : null,
    };

    private static EvaluatorSubject Of<T>() where T : IEvaluator, new() => new(() => new T());
}

public sealed class SoundEvaluatorTests : EvaluatorConformance
{
    protected override PluginTraits? Traits => PluginTraits.ThreadSafe;

    protected override double? ConstantScorerGets => 0.5;

    protected override IEvaluator Create() => new SoundEvaluator();
}

public sealed class SoundJudgeTests : EvaluatorConformance
{
    protected override double? ConstantScorerGets => 0.5;

    protected override IEvaluator Create() => new SoundJudge();
}

public sealed class SoundReaderTests : EvaluatorConformance
{
    internal static ITextGenerator Echo => ScriptedGenerator.Of(prompt => prompt, "echo");

    protected override ITextGenerator? PerfectWriter => Echo;

    protected override ITextGenerator? WrongWriter => ScriptedGenerators.Words();

    protected override IEvaluator Create() => new SoundReader();
}
