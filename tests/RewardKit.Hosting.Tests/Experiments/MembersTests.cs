using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Plugins;
using RewardKit.Hosting.Scoring;
using RewardKit.Models;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Tests.Experiments;

/// <summary>Arms that score with other arms, other seeds, folders and rules. The chosen response is the longer one.</summary>
public sealed class MembersTests : ExperimentRunnerFixture
{
    private static PluginUse Sum => Results.Use(PluginKind.Composer, "sum");

    private static ScriptedScorerSpec Rule(string name, double factor, string content = "1") => new(name, request => factor * request.Response.LastContent.Length, content);

    [Test]
    public void An_arm_may_score_with_the_models_of_others_under_its_seed_or_certain_ones()
    {
        var result = Run(Spec() with
        {
            Arms =
            [
                new("together", null, []) { Composer = Sum, Members = [new ArmMember("long", null, 1), new ArmMember("short", null, 3)] },
                new("seeds", null, []) { Composer = Sum, Members = [new ArmMember("long", 1, 1), new ArmMember("long", 2, 1)] },
                new("long", Loss("long"), []), new("short", Loss("short"), []),
            ],
        });
        Assert.Multiple(() =>
        {
            Assert.That(Models.Trained, Is.EqualTo(new[] { "long seed 1 on 4", "long seed 2 on 4", "short seed 1 on 4", "short seed 2 on 4" }));
            // One of which nothing depends on the seed is run once.
            Assert.That(result.Runs.Select(r => $"{r.Arm} {r.Seed} {r.Measurements["accuracy/accuracy"].Value}"), Is.EqualTo(
                new[] { "together 1 0", "together 2 0", "seeds 1 1", "long 1 1", "long 2 1", "short 1 0", "short 2 0" }));
            Assert.That(Models.Loaded, Is.SupersetOf(new[] { "long, seed 1", "long, seed 2" }));
            Assert.That(result.Runs[0].Log, Is.Null);
            Assert.That(result.Runs[0].Samples["accuracy"][0].Score.Disagreement, Is.EqualTo(10), "margins of 10 and −10");
            Assert.That(result.Runs[2].Samples["accuracy"][0].Score.Disagreement, Is.Zero);
            Assert.That(result.Runs[3].Samples["accuracy"][0].Score.Disagreement, Is.Null);
        });
    }

    [Test]
    public void What_composers_report_stands_among_the_measurements()
    {
        WritePairs("others.jsonl", "one", "two");
        ArmSpec Arm(PairData? reference) => new("arm", Loss("long"), []) { Composer = Sum, Members = [new NamedMember(Rule("rule", 1), 1)], Reference = reference };
        var byTraining = Run(Spec() with { Arms = [Arm(null)] }).Runs[0].Measurements;
        var byOthers = Run(Spec() with { Arms = [Arm(new PairPart(new PairFile(Path.Combine(Folder, "others.jsonl")), 0.5, 1, true))] }).Runs[0];
        Assert.Multiple(() =>
        {
            Assert.That(byTraining["sum/members"].Value, Is.EqualTo(2));
            Assert.That(byTraining["sum/references"].Value, Is.EqualTo(8));
            Assert.That(byOthers.Measurements["sum/references"].Value, Is.EqualTo(2), "of the four pairs, one is in the part");
            Assert.That(byOthers.Reused, Is.False, "other references are another result");
            Assert.That(Models.Trained, Has.Count.EqualTo(2), "but no other model");
        });
    }

    [Test]
    public void What_has_no_rewards_within_responses_is_not_judged_by_them()
    {
        var file = Path.Combine(Folder, "steps.jsonl");
        File.WriteAllText(file, """
            {"prompt": "p", "completions": ["one", "two"], "labels": [true, true]}
            {"prompt": "p", "completions": ["one", "three"], "labels": [true, false]}
            """);
        var spec = Spec() with
        {
            Arms = [new("model", Loss("long"), []), new("together", null, []) { Composer = Sum, Members = [new ArmMember("model", null, 1)] }],
            Evaluations = [Spec().Evaluations[0], new(Results.Use(PluginKind.Evaluator, "places"), new PairFile(file) { Reading = new() })],
            Seeds = [1],
        };
        var (first, again) = (Run(spec), Run(spec));
        Assert.Multiple(() =>
        {
            Assert.That(first.Failures, Is.Empty, "trivial baselines have none, either");
            Assert.That(first.Runs.Select(r => r.Measurements.GetValueOrDefault("places/last")?.Value), Is.EqualTo(new double?[] { 7, null }));
            Assert.That(Progress.Notes, Has.Exactly(1).EqualTo(
                "together, seed 1: Is not judged by places: what it scores with has no rewards within a response, as a model with a reward head or Score.processReward () has them."));
            Assert.That(again.Runs.Select(r => r.Reused), Is.All.True);
            Assert.That(again.Runs[0].Samples["places"][0].Example, Is.EqualTo(first.Runs[0].Samples["places"][0].Example), "labels are kept");
            Assert.That(again.Runs[0].Samples["places"][0].Example.ChosenSteps, Is.EqualTo(new StepLabels([new(3, 1), new(7, 1)])));
        });
    }

    [Test]
    public void A_rule_or_a_folder_alone_needs_no_composer_and_no_model()
    {
        Run(Spec() with { Seeds = [1] });
        var folder = Path.Combine(Spec().OutputFolder, "arm", "seed-1", "checkpoint");
        var result = Run(Spec() with
        {
            Arms =
            [
                new("rule", null, []) { Members = [new NamedMember(Rule("shortest", -1), 1)] },
                new("folder", null, []) { Members = [new NamedMember(new ModelScorerSpec(new ModelSpec { Folder = folder }), 1)] },
                new("both", null, []) { Members = [new NamedMember(new ComposedScorerSpec(Sum, [(Rule("shortest", -1), 2), (new ModelScorerSpec(new ModelSpec { Folder = folder }), 1)], null), 1)] },
            ],
            OutputFolder = Path.Combine(Folder, "other"),
        });
        Assert.That(result.Runs.Select(r => (r.Arm, r.Measurements["accuracy/accuracy"].Value)), Is.EqualTo(new[] { ("rule", 0.0), ("folder", 1.0), ("both", 0.0) }));
        Assert.That(Models.Trained, Has.Count.EqualTo(1));
    }

    [Test]
    public void It_is_judged_again_where_a_member_changes_and_found_again_where_none_does()
    {
        ExperimentSpec With(double weight = 1, string content = "1", string loss = "long") => Spec() with
        {
            Arms = [new("base", Loss(loss), []), new("both", null, []) { Composer = Sum, Members = [new ArmMember("base", null, weight), new NamedMember(Rule("rule", 1, content), 1)] }],
            Seeds = [1],
        };
        bool Reused(ExperimentSpec spec) => Run(spec).Runs.Single(r => r.Arm == "both").Reused;
        Assert.Multiple(() =>
        {
            Assert.That(Reused(With()), Is.False);
            Assert.That(Reused(With()), Is.True);
            Assert.That(Reused(With(weight: 2)), Is.False, "another weight");
            Assert.That(Reused(With(content: "2")), Is.False, "another rule");
            Assert.That(Reused(With(loss: "short")), Is.False, "another member's model");
            Models.Version = "2";
            Assert.That(Reused(With(loss: "short")), Is.False, "other code that computes");
        });
    }

    [Test]
    public void An_arm_that_trains_nothing_may_be_a_baseline()
    {
        Run(Spec() with
        {
            Arms =
            [
                new("long", Loss("long"), []),
                new("turned", null, []) { Composer = Results.Use(PluginKind.Composer, "turned"), Members = [new ArmMember("long", null, 1)] },
                new("filtered", Loss("long"), [Results.Use(PluginKind.Augmenter, "filter")], "turned"),
            ],
            Seeds = [1],
        });
        Assert.That(Models.Trained[^1], Is.EqualTo("long seed 1 on 4"), "what likes the shorter ones lets no pair be doubled");
    }

    [Test]
    public void What_depends_on_a_run_that_failed_is_not_run()
    {
        Models.WhileTraining = () => throw new InvalidOperationException("no memory");
        var result = Run(Spec() with
        {
            Arms = [new("long", Loss("long"), []), new("of it", null, []) { Composer = Sum, Members = [new ArmMember("long", null, 1)] }, new("rule", null, []) { Members = [new NamedMember(Rule("rule", 1), 1)] }],
            Seeds = [1],
        });
        Assert.That(result.Runs.Select(r => r.Arm), Is.EqualTo(new[] { "rule" }));
        Assert.That(result.Failures.Select(f => f.Message), Has.Some.EqualTo("The arm \"of it\" with seed 1 was not run: its member \"long\" failed."));
    }

    [Test]
    public void What_cannot_be_is_refused_before_anything_is_trained()
    {
        void Refused(string message, params ArmSpec[] arms) =>
            Assert.That(() => Run(Spec() with { Arms = [new("long", Loss("long"), []), .. arms] }), Throws.TypeOf<RewardKitException>().With.Message.Contains(message));
        Assert.Multiple(() =>
        {
            Refused("no loss and nothing to score with", new ArmSpec("empty", null, []));
            Refused("nothing that makes one scorer of them", new ArmSpec("two", null, []) { Members = [new ArmMember("long", 1, 1), new ArmMember("long", 2, 1)] });
            Refused("nothing that makes one scorer of them", new ArmSpec("trained", Loss("long"), []) { Members = [new ArmMember("long", 1, 1)] });
            Refused("names \"lnog\" as a member, but there is no such arm. The arms are: long, of it.", new ArmSpec("of it", null, []) { Members = [new ArmMember("lnog", null, 1)] });
            Refused("under seed 7 as its member, but that one is run under 1, 2", new ArmSpec("of it", null, []) { Members = [new ArmMember("long", 7, 1)] });
            Refused("something that is for training", new ArmSpec("of it", null, [Results.Use(PluginKind.Augmenter, "double")]) { Members = [new ArmMember("long", null, 1)] });
            Refused("which is no number", new ArmSpec("of it", null, []) { Members = [new ArmMember("long", null, double.NaN)] });
            Refused(
                "one → other → one are each other's baselines or members",
                new ArmSpec("one", null, []) { Members = [new ArmMember("other", null, 1)] }, new ArmSpec("other", null, []) { Members = [new ArmMember("one", null, 1)] });
        });
        Assert.That(Models.Trained, Is.Empty);
    }
}
