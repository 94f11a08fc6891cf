using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Checkpoints;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Tests.Experiments;

public class ExperimentRunnerTests : ExperimentRunnerFixture
{
    [Test]
    public void An_arm_is_trained_after_its_baseline_and_filtered_with_it()
    {
        var result = Run(Spec() with
        {
            Arms =
            [
                new("filtered", Loss("short"), [Results.Use(PluginKind.Augmenter, "filter")], Baseline: "base"),
                new("base", Loss("long"), []),
            ],
        });
        // Each baseline ranks all four pairs right, so the filtered arm sees eight.
        Assert.That(Models.Trained, Is.EqualTo(new[] { "long seed 1 on 4", "long seed 2 on 4", "short seed 1 on 8", "short seed 2 on 8" }));
        Assert.That(result.Runs.Select(r => (r.Arm, r.Seed)), Is.EqualTo(new (string, int?)[] { ("filtered", 1), ("filtered", 2), ("base", 1), ("base", 2) }));
        Assert.That(result.Runs[0].Counts, Is.EqualTo(new Dictionary<string, long> { ["doubled"] = 4 }));
        Assert.That(result.Runs[0].Measures, Is.EqualTo(new Dictionary<string, double> { ["filter.strength"] = 0.25 }));
        Assert.That(result.Runs[2].Measures, Is.Empty);
        Assert.That(result.Runs[2].Measurements["accuracy/accuracy"].Value, Is.EqualTo(1));
        Assert.That(result.Runs[0].Measurements["accuracy/accuracy"].Value, Is.Zero);
        Assert.That(result.Trivial.Select(r => r.Arm), Is.EqualTo(new[] { "longer wins", "word bigrams" }));
    }

    [Test]
    public void Of_prompts_alone_no_word_bigrams_are_learnt()
    {
        var path = Path.Combine(Folder, "prompts.jsonl");
        File.WriteAllText(path, """{"prompt": "What is it?"}""");
        Assert.That(Run(Spec() with { Train = new PairFile(path) { Reading = new() { PromptsOnly = true } } }).Trivial.Select(r => r.Arm), Is.EqualTo(new[] { "longer wins" }));
    }

    [Test]
    public void An_arms_composer_decides_how_its_model_is_judged_and_what_it_says_as_a_baseline()
    {
        ExperimentSpec With(MethodUse? composer) => Spec() with
        {
            Arms = [new("base", Loss("long"), []) { Composer = composer }, new("filtered", Loss("long"), [Results.Use(PluginKind.Augmenter, "filter")], "base")],
            Seeds = [1],
        };
        var plain = Run(With(null));
        var composed = Run(With(Results.Use(PluginKind.Composer, "turned")));
        Assert.That(plain.Runs.Select(r => r.Measurements["accuracy/accuracy"].Value), Is.EqualTo(new[] { 1.0, 1.0 }));
        Assert.That(composed.Runs.Select(r => r.Measurements["accuracy/accuracy"].Value), Is.EqualTo(new[] { 0.0, 1.0 }));
        // The model that is composed is found again; whoever filters with it is trained again, on other examples.
        Assert.That(Models.Trained, Is.EqualTo(new[] { "long seed 1 on 4", "long seed 1 on 8", "long seed 1 on 4" }));
        Assert.That(Run(With(Results.Use(PluginKind.Composer, "turned"))).Runs.Select(r => r.Reused), Is.All.True);
    }

    [Test]
    public void Pairs_go_to_the_evaluators_that_take_them_and_to_no_other()
    {
        var pairs = Spec().Evaluations[0].Pairs;
        Assert.That(() => Run(Spec() with { Evaluations = [new(Results.Use(PluginKind.Evaluator, "benchmark"), pairs)] }),
            Throws.TypeOf<RewardKitException>().With.Message.EqualTo("The evaluator \"benchmark\" brings its own data, but is given pairs. Leave them out."));
        Assert.That(() => Run(Spec() with { Evaluations = [new(Results.Use(PluginKind.Evaluator, "accuracy"), null)] }),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("judges by held-out pairs, but is given none"));
        Assert.That(Models.Trained, Is.Empty);
    }

    [Test]
    public void The_same_evaluator_twice_is_told_apart()
    {
        var spec = Spec();
        var result = Run(spec with { Evaluations = [spec.Evaluations[0], spec.Evaluations[0]] });
        Assert.That(result.Runs[0].Measurements.Keys, Is.EqualTo(new[] { "accuracy/accuracy", "accuracy#2/accuracy" }));
    }

    [Test]
    public void The_notes_say_what_came_from_where_and_what_was_cut_or_dropped()
    {
        WritePairs("more.jsonl", "quite another answer", "short");
        var (a, b) = (Spec().Train, new PairFile(Path.Combine(Folder, "more.jsonl")));
        Models.Dropped = 3;
        var result = Run(Spec() with { Train = new MixedPairs([new(a, 1), new(b, 3)], 1, null) });
        Assert.That(result.Notes, Has.Some.Match(@"^mixture \(seed 1\): 1 × .*train\.jsonl \+ 3 × .*more\.jsonl: 5 pairs \(1 from the 4 of .*train\.jsonl; 4 from the 4 of .*more\.jsonl\)\.$"));
        Assert.That(result.Notes, Has.Member("arm: 3 training pairs dropped, because prompt or response is longer than the model's limits."));
        Assert.That(result.Notes, Has.Member("arm: 2 training prompts cut on the left and 1 responses on the right to fit the model's limits."));
        Assert.That(Run(Spec() with { Train = new MixedPairs([new(a, 1), new(b, 3)], 1, null) }).Notes, Is.EqualTo(result.Notes), "found again");
    }

    [Test]
    public void Names_that_are_no_folder_names_get_folders_of_their_own()
    {
        Assert.That(FolderName.Of("haf-rm_0.2"), Is.EqualTo("haf-rm_0.2"));
        Assert.That(FolderName.Of("a/b"), Does.Match("^a-b-[0-9a-f]{8}$").And.Not.EqualTo(FolderName.Of("a:b")));
        Assert.That(FolderName.Of(".."), Does.Match("^-[0-9a-f]{8}$"));
    }
}
