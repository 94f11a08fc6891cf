using RewardKit.Hosting.Experiments;
using static RewardKit.Worlds.Tests.Trials;

namespace RewardKit.Worlds.Tests;

/// <summary>
/// Do the methods do what they are for? Training data in which politeness goes along with quality mislead Bradley-Terry, so
/// that it fails where politeness goes along with the lack of it.
/// </summary>
public class MethodsInTheWorldTests
{
    private const int Seeds = 2;

    // There is one attribute that matters, and one thing that decides it.
    private static readonly PluginUse Causal = Augmenter("crome-causal", ("attributes", 1), ("elements", 1), ("review", false));

    private ExperimentResult _result = null!;
    private Summary _summary = null!;

    [OneTimeSetUp]
    public void Train()
    {
        using var trials = new Trials();
        _result = trials.Run(
            Seeds,
            new("bradley-terry", Loss("bradley-terry"), []),
            new("rrm", Loss("bradley-terry"), [Augmenter("rrm")], Baseline: "bradley-terry"),
            new("crome, neutral", Loss("crome"), [Augmenter("crome-neutral")], Baseline: "bradley-terry"),
            new("crome", Loss("crome"), [Causal, Augmenter("crome-neutral")], Baseline: "bradley-terry"),
            new("haf-rm", Loss("haf-rm"), []));
        _summary = Summary.Of(_result);
    }

    [Test]
    public void Bradley_terry_falls_for_politeness() => Assert.Multiple(() =>
    {
        Assert.That(Row("bradley-terry", Test.Same).Interval!.Value.Low, Is.GreaterThan(0.8));
        Assert.That(Row("bradley-terry", Test.Shifted).Interval!.Value.High, Is.LessThan(0.5));
    });

    // The first two know no more than the training data; Crome's oracle knows what matters, but not what does not.
    [TestCase("rrm")]
    [TestCase("crome, neutral")]
    [TestCase("crome")]
    public void Augmentation_holds_where_politeness_misleads(string arm) =>
        Assert.That(Row(arm, Test.Shifted).Interval!.Value.Low, Is.GreaterThan(Row("bradley-terry", Test.Shifted).Interval!.Value.High));

    [Test]
    public void The_oracle_rewrites_every_answer_and_passes_it()
    {
        var runs = _result.Runs.Where(run => run.Arm == "crome").ToArray();
        Assert.That(runs, Has.Length.EqualTo(Seeds));
        foreach (var counts in runs.Select(run => run.Counts))
            Assert.That((counts["causal.up.made"], counts["causal.down.made"]), Is.EqualTo((counts["causal.pairs"], counts["causal.pairs"])));
    }

    [Test]
    public void Haf_rm_keeps_up_with_bradley_terry_and_its_language_model_head_has_learnt_the_preferences_too()
    {
        var runs = _result.Runs.Where(run => run.Arm == "haf-rm").ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(runs, Has.Length.EqualTo(Seeds));
            Assert.That(Row("haf-rm", Test.Same).Mean, Is.GreaterThan(Row("bradley-terry", Test.Same).Mean - 0.03));
            // On pairs that the closing does not tell apart.
            foreach (var run in runs)
            {
                var held = run.Log!.Steps[^1].Metrics;
                TestContext.Progress.WriteLine(FormattableString.Invariant($"haf-rm, seed {run.Seed}: implicit reward {held["eval/acc.implicit"]:F3}"));
                Assert.That(Statistics.Wilson(held["eval/acc.implicit"], 200).Low, Is.GreaterThan(0.5), $"seed {run.Seed}");
                Assert.That(held["eval/acc.scalar"], Is.EqualTo(run.Measurements[Accuracy(Test.Balanced)].Value).Within(1e-9), $"seed {run.Seed}");
            }
        });
    }

    private SummaryRow Row(string arm, Test test) => _summary.Row(arm, Accuracy(test))!;
}
