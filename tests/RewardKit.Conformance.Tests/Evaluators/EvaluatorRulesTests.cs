using RewardKit.Hosting.Experiments;

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
        new("E14", "never asks it", Of<NeedsForNothing>()),
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
