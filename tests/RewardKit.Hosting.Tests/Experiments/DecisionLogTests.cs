using System.Runtime.CompilerServices;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Reports;

namespace RewardKit.Hosting.Tests.Experiments;

public sealed class DecisionLogTests : ExperimentRunnerFixture
{
    [Test]
    public void What_an_augmenter_decided_lies_in_the_run_and_stands_in_the_report()
    {
        var result = Run(Filtered("filtered"));
        var decisions = DecisionLog.Read(result.Runs[0].Folder!).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(decisions.Select(d => (d.Record, d.Action, d.Category)), Is.EqualTo(new[]
            {
                (1L, "keep", "sound"), (2, "swap", "<b>turned</b>"), (3, "drop", "odd"), (4, "keep", "sound"),
            }));
            Assert.That(decisions[1].Source, Does.EndWith("train"));
            Assert.That((decisions[1].Chosen.LastContent, decisions[1].Rejected.LastContent), Is.EqualTo(("short", "a longer answer")), "as it goes on");
            Assert.That(decisions[2].Chosen.LastContent, Is.EqualTo("a longer answer"), "as it came in");
            Assert.That(decisions[1].Votes, Is.EqualTo(new[] { "disagree" }));
        });
        var page = ReportPage.Write(result);
        Assert.Multiple(() =>
        {
            Assert.That(page, Does.Contain("What augmenters decided: filtered"));
            Assert.That(page, Does.Contain("<td>sound</td><td>keep</td><td>2</td><td>50.0&nbsp;%</td>"));
            Assert.That(page, Does.Contain("<td>odd</td><td>drop</td><td>1</td><td>25.0&nbsp;%</td>"));
            Assert.That(page, Does.Contain("swap: &lt;b&gt;turned&lt;/b&gt;").And.Contain("votes: disagree").And.Not.Contain("keep: sound"));
        });
    }

    [Test]
    public void They_are_there_when_the_run_is_found_again_or_taken_over()
    {
        Run(Filtered("filtered"));
        var again = Run(Filtered("filtered", "the same once more"));
        Assert.That(again.Runs[0].Reused);
        Assert.That(again.Runs.Select(run => DecisionLog.Read(run.Folder!).Count()), Is.EqualTo(new[] { 4, 4 }));
    }

    [Test]
    public void Where_nothing_was_decided_there_is_nothing()
    {
        var result = Run(Spec() with { Seeds = [1] });
        Assert.That(Directory.GetFiles(result.Runs[0].Folder!, "decisions*"), Is.Empty);
        Assert.That(ReportPage.Write(result), Does.Not.Contain("What augmenters decided"));
    }

    private ExperimentSpec Filtered(params string[] arms) => Spec() with
    {
        Seeds = [1],
        Arms = [.. arms.Select(arm => new ArmSpec(arm, Loss("long"), [new InlineUse(PluginKind.Augmenter, "deciding", new Deciding(), "0123456789abcdef")]))],
    };

    private sealed class Deciding : IAugmenter
    {
        public AugmenterNeeds Needs => AugmenterNeeds.None;

        public async IAsyncEnumerable<PreferenceExample> AugmentAsync(
            IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, [EnumeratorCancellation] CancellationToken cancellation)
        {
            await foreach (var example in examples.WithCancellation(cancellation))
            {
                ExampleDecision decision = example.Provenance.Record switch
                {
                    2 => new(example, example with { Chosen = example.Rejected, Rejected = example.Chosen }, "swap", "<b>turned</b>", ["disagree"]),
                    3 => new(example, null, "drop", "odd", []),
                    _ => new(example, example, "keep", "sound", []),
                };
                context.Decide(decision);
                if (decision.Result is { } goesOn) yield return goesOn;
            }
        }
    }
}
