using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Checkpoints;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Tests.Experiments;

public class ExperimentRunnerTests
{
    private string _folder = "";
    private FakeModels _models = new();
    private FakePlugins _plugins = new();
    private Silent _progress = new();

    [SetUp]
    public void SetUp()
    {
        _folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(_folder);
        (_models, _plugins, _progress) = (new(), new(), new());
        WritePairs("train.jsonl", "a longer answer", "short");
        WritePairs("test.jsonl", "a longer answer", "short");
    }

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, true);

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
        Assert.That(_models.Trained, Is.EqualTo(new[] { "long seed 1 on 4", "long seed 2 on 4", "short seed 1 on 8", "short seed 2 on 8" }));
        Assert.That(result.Runs.Select(r => (r.Arm, r.Seed)), Is.EqualTo(new (string, int?)[] { ("filtered", 1), ("filtered", 2), ("base", 1), ("base", 2) }));
        Assert.That(result.Runs[0].Counts, Is.EqualTo(new Dictionary<string, long> { ["doubled"] = 4 }));
        Assert.That(result.Runs[0].Measures, Is.EqualTo(new Dictionary<string, double> { ["filter.strength"] = 0.25 }));
        Assert.That(result.Runs[2].Measures, Is.Empty);
        Assert.That(result.Runs[2].Measurements["accuracy/accuracy"].Value, Is.EqualTo(1));
        Assert.That(result.Runs[0].Measurements["accuracy/accuracy"].Value, Is.Zero);
        Assert.That(result.Trivial.Select(r => r.Arm), Is.EqualTo(new[] { "longer wins", "word bigrams" }));
    }

    [Test]
    public void What_augmenters_counted_and_measured_is_found_again_with_the_run()
    {
        var spec = Spec() with { Arms = [new("base", Loss("long"), []), new("filtered", Loss("short"), [Results.Use(PluginKind.Augmenter, "filter")], "base")] };
        var first = Run(spec);
        var again = Run(spec);
        Assert.That(again.Runs.Select(r => r.Reused), Is.All.True);
        Assert.That(again.Runs.Select(r => r.Measures), Is.EqualTo(first.Runs.Select(r => r.Measures)));
        Assert.That(again.Runs.Select(r => r.Counts), Is.EqualTo(first.Runs.Select(r => r.Counts)));
        Assert.That(again.Runs[^1].Measures["filter.strength"], Is.EqualTo(0.25));
    }

    [Test]
    public void Of_prompts_alone_no_word_bigrams_are_learnt()
    {
        var path = Path.Combine(_folder, "prompts.jsonl");
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
        Assert.That(_models.Trained, Is.EqualTo(new[] { "long seed 1 on 4", "long seed 1 on 8", "long seed 1 on 4" }));
        Assert.That(Run(With(Results.Use(PluginKind.Composer, "turned"))).Runs.Select(r => r.Reused), Is.All.True);
    }

    [Test]
    public void Arms_that_differ_only_in_how_they_score_are_trained_once()
    {
        var spec = Spec() with { Arms = [new("plain", Loss("long"), []), new("turned", Loss("long"), []) { Composer = Results.Use(PluginKind.Composer, "turned") }] };
        var result = Run(spec);
        Assert.That(_models.Trained, Is.EqualTo(new[] { "long seed 1 on 4", "long seed 2 on 4" }));
        Assert.That(result.Runs.Select(r => r.Measurements["accuracy/accuracy"].Value), Is.EqualTo(new[] { 1.0, 1.0, 0.0, 0.0 }));
        Assert.That(JsonSerializer.Serialize(result.Runs[2].Log), Is.EqualTo(JsonSerializer.Serialize(result.Runs[0].Log)));
        Assert.That(_progress.Notes, Has.Exactly(2).Contains("Has the model of the arm \"plain\""));
        // What was taken over is its own: it stays when the other arm is gone.
        Directory.Delete(Path.Combine(spec.OutputFolder, "plain"), recursive: true);
        Assert.That(Run(spec with { Arms = [spec.Arms[1]] }).Runs.Select(r => r.Reused), Is.All.True);
    }

    [Test]
    public void A_finished_experiment_is_found_again_whole()
    {
        var first = Run(Spec());
        var second = Run(Spec());
        Assert.That(_models.Trained, Has.Count.EqualTo(2));
        Assert.That(_plugins.Evaluations, Is.EqualTo(2));
        Assert.That(second.Runs.Select(r => r.Reused), Is.All.True);
        foreach (var (a, b) in first.Runs.Zip(second.Runs))
        {
            Assert.That(b.Measurements["accuracy/accuracy"].Items, Is.EqualTo(a.Measurements["accuracy/accuracy"].Items));
            Assert.That(b.Samples["accuracy"], Is.EqualTo(a.Samples["accuracy"]));
            Assert.That(JsonSerializer.Serialize(b.Log), Is.EqualTo(JsonSerializer.Serialize(a.Log)));
        }
    }

    [Test]
    public void Fresh_computes_everything_again()
    {
        Run(Spec());
        Run(Spec(), fresh: true);
        Assert.That((_models.Trained.Count, _plugins.Evaluations), Is.EqualTo((4, 4)));
    }

    [Test]
    public void What_changes_the_training_trains_again([Values("option", "plugin", "data", "settings", "version", "loss", "model", "tokenizer", "adapter", "reading", "columns", "part", "mixture")] string change)
    {
        Run(Spec() with { Train = change == "mixture" ? Mixed(seed: 1) : Train(change is "columns" or "part" ? new() : null) });
        var spec = Spec();
        if (change == "reading") spec = spec with { Train = Train(new()) };
        if (change == "columns") spec = spec with { Train = Train(new() { Columns = new() { Chosen = "chosen" } }) };
        if (change == "part") spec = spec with { Train = new PairPart(Train(new()), 0.7, Seed: 1, First: true) };
        if (change == "mixture") spec = spec with { Train = Mixed(seed: 2) };
        if (change == "adapter") spec = spec with { Model = spec.Model.WithLora(new()) };
        if (change == "option") spec = spec with { Arms = [new("arm", Results.Use(PluginKind.Loss, "long", ("alpha", 0.3)), [])] };
        if (change == "plugin") _plugins.Hashes["long"] = "fedcba9876543210";
        if (change == "data") WritePairs("train.jsonl", "another answer", "short");
        if (change == "settings") spec = spec with { Training = new() { Epochs = 2 } };
        if (change == "version") _models.Version = "2";
        if (change == "loss") spec = spec with { Arms = [new("arm", Loss("short"), [])] };
        if (change == "model") File.WriteAllText(Path.Combine(_folder, "model", "config.json"), "{ }");
        if (change == "tokenizer") File.WriteAllText(Path.Combine(_folder, "model", "tokenizer.json"), "{ }");
        Assert.That(Run(spec).Runs.Select(r => r.Reused), Is.All.False);
        Assert.That(_models.Trained, Has.Count.EqualTo(4));

        PairData Mixed(int seed) => new MixedPairs([new(Train(null), 1)], seed, Total: 3);
        PairFile Train(PairReading? reading) => (PairFile)Spec().Train with { Reading = reading };
    }

    [Test]
    public void Another_adapter_trains_again_and_so_does_a_base_that_its_checkpoint_would_not_find()
    {
        ExperimentSpec Adapted(params string[] targets) => Spec() with { Model = Spec().Model.WithLora(new() { Rank = 4, Targets = targets }), Seeds = [1] };
        Run(Adapted("q_proj"));
        Assert.That(Run(Adapted("q_proj")).Runs.Single().Reused, Is.True);
        Assert.That(Run(Adapted("v_proj")).Runs.Single().Reused, Is.False);
        Directory.Move(_folder, _folder + "-moved");
        _folder += "-moved";
        Assert.That(Run(Adapted("v_proj")).Runs.Single().Reused, Is.False);
    }

    [Test]
    public void What_changes_no_number_trains_nothing([Values("readme", "moved", "name")] string change)
    {
        Run(Spec());
        var spec = Spec();
        if (change == "readme") File.WriteAllText(Path.Combine(_folder, "model", "README.md"), "Read me.");
        if (change == "name") spec = spec with { Name = "other" };
        if (change == "moved")
        {
            foreach (var file in Directory.GetFiles(_folder)) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(1));
            Directory.Move(_folder, _folder + "-moved");
            _folder += "-moved";
            spec = Spec();
        }
        Assert.That(Run(spec).Runs.Select(r => r.Reused), Is.All.True);
    }

    [Test]
    public void What_changes_the_evaluation_alone_does_not_train_again([Values("plugin", "option", "data", "reading")] string change)
    {
        Run(Spec());
        var spec = Spec();
        if (change == "plugin") _plugins.Hashes["accuracy"] = "fedcba9876543210";
        if (change == "option")
            spec = spec with { Evaluations = [spec.Evaluations[0] with { Evaluator = Results.Use(PluginKind.Evaluator, "accuracy", ("strict", true)) }] };
        if (change == "reading") spec = spec with { Evaluations = [spec.Evaluations[0] with { Pairs = (PairFile)spec.Evaluations[0].Pairs! with { Reading = new() } }] };
        if (change == "data") WritePairs("test.jsonl", "short", "a longer answer");
        var result = Run(spec);
        Assert.That((_models.Trained.Count, _plugins.Evaluations), Is.EqualTo((2, 4)));
        if (change == "data") Assert.That(result.Runs[0].Measurements["accuracy/accuracy"].Value, Is.Zero);
    }

    [Test]
    public void What_an_evaluator_reads_is_a_part_of_what_decides_its_numbers([Values("content", "name", "below", "beside", "place")] string change)
    {
        var (file, folder) = (Path.Combine(_folder, "in", "a.json"), Path.Combine(_folder, "in", "more"));
        Directory.CreateDirectory(Path.Combine(folder, "below"));
        File.WriteAllText(file, "1");
        File.WriteAllText(Path.Combine(folder, "below", "b.json"), "1");
        Run(Reading());
        if (change == "content") File.WriteAllText(file, "2");
        if (change == "name") File.Move(file, file = Path.Combine(_folder, "in", "b.json"));
        if (change == "below") File.WriteAllText(Path.Combine(folder, "below", "b.json"), "2");
        if (change == "beside") File.WriteAllText(Path.Combine(_folder, "in", "beside.json"), "2");
        if (change == "place")
        {
            Directory.Move(Path.Combine(_folder, "in"), Path.Combine(_folder, "moved"));
            (file, folder) = (Path.Combine(_folder, "moved", "a.json"), Path.Combine(_folder, "moved", "more"));
        }
        Run(Reading());
        Assert.That((_models.Trained.Count, _plugins.Evaluations), Is.EqualTo((1, change is "beside" or "place" ? 2 : 4)));

        ExperimentSpec Reading() => Spec() with
        {
            Seeds = [1],
            Evaluations = [new(Results.Use(PluginKind.Evaluator, "benchmark", ("input", file)), null), new(Results.Use(PluginKind.Evaluator, "benchmark", ("input", folder)), null)],
        };
    }

    [Test]
    public void Pairs_go_to_the_evaluators_that_take_them_and_to_no_other()
    {
        var pairs = Spec().Evaluations[0].Pairs;
        Assert.That(() => Run(Spec() with { Evaluations = [new(Results.Use(PluginKind.Evaluator, "benchmark"), pairs)] }),
            Throws.TypeOf<RewardKitException>().With.Message.EqualTo("The evaluator \"benchmark\" brings its own data, but is given pairs. Leave them out."));
        Assert.That(() => Run(Spec() with { Evaluations = [new(Results.Use(PluginKind.Evaluator, "accuracy"), null)] }),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("judges by held-out pairs, but is given none"));
        Assert.That(_models.Trained, Is.Empty);
    }

    [Test]
    public void A_changed_baseline_trains_the_arms_that_filter_with_it_again()
    {
        var spec = Spec() with
        {
            Seeds = [1],
            Arms = [new("base", Loss("long"), []), new("filtered", Loss("short"), [Results.Use(PluginKind.Augmenter, "filter")], "base"), new("apart", Loss("long"), [])],
        };
        Run(spec);
        _models.Trained.Clear();
        Run(spec with { Arms = [new("base", Loss("short"), []), .. spec.Arms.Skip(1)] });
        Assert.That(_models.Trained, Is.EqualTo(new[] { "short seed 1 on 4", "short seed 1 on 4" }));
    }

    [TestCase("run.json", 1, Description = "the model is there, only its evaluation is made again")]
    [TestCase("training.json", 2)]
    [TestCase("log.jsonl", 2)]
    [TestCase("checkpoint/weights", 2)]
    public void A_broken_run_is_computed_again(string file, int trained)
    {
        var spec = Spec() with { Seeds = [1] };
        Run(spec);
        File.WriteAllText(Path.Combine(spec.OutputFolder, "arm", "seed-1", file), "{ \"key\": \"half");
        var result = Run(spec);
        Assert.That((_models.Trained.Count, _plugins.Evaluations), Is.EqualTo((trained, 2)));
        Assert.That(result.Runs[0].Measurements["accuracy/accuracy"].Value, Is.EqualTo(1));
        Assert.That(Run(spec).Runs[0].Reused, Is.True, "whole again");
    }

    [Test]
    public void A_stopped_training_leaves_finished_runs_and_of_the_others_only_their_metrics()
    {
        using var stop = new CancellationTokenSource();
        var runs = 0;
        _models.WhileTraining = () => { if (++runs == 2) stop.Cancel(); };
        Assert.That(() => Run(Spec(), cancellation: stop.Token), Throws.InstanceOf<OperationCanceledException>());
        var arm = Path.Combine(_folder, "out", "arm");
        Assert.That(Folders(), Is.EqualTo(new[] { "seed-1", "seed-2.partial" }));
        Assert.That(Directory.GetFileSystemEntries(Path.Combine(arm, "seed-2.partial")).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            Is.EqualTo(new[] { Path.GetFileName(Directory.GetFiles(Path.Combine(arm, "seed-2.partial"), "events.out.tfevents.*").Single()), "metrics.jsonl" }));
        Assert.That(File.ReadAllLines(Path.Combine(arm, "seed-2.partial", "metrics.jsonl")), Has.Length.EqualTo(1));
        _models.WhileTraining = null;
        Assert.That(Run(Spec()).Runs.Select(r => r.Reused), Is.EqualTo(new[] { true, false }));
        Assert.That(Folders(), Is.EqualTo(new[] { "seed-1", "seed-2" }));
        Assert.That(File.ReadAllLines(Path.Combine(arm, "seed-2", "metrics.jsonl")), Has.Length.EqualTo(1));

        IEnumerable<string?> Folders() => Directory.GetDirectories(arm).Select(Path.GetFileName).Order(StringComparer.Ordinal);
    }

    [TestCase("nothing", true)]
    [TestCase("settings", false)]
    [TestCase("policy", true)]
    [TestCase("fresh", false)]
    [TestCase("key", false)]
    public void An_unfinished_training_is_gone_on_from_where_its_content_is_the_same(string change, bool goesOn)
    {
        var spec = Spec() with { Seeds = [1] };
        var partial = Path.Combine(spec.OutputFolder, "arm", "seed-1.partial");
        var checkpoint = Path.Combine(partial, "checkpoints", "step-000001");
        _models.WhileTraining = () =>
        {
            Directory.CreateDirectory(checkpoint);
            throw new InvalidOperationException("killed");
        };
        Assert.That(() => Run(spec), Throws.InstanceOf<RewardKitException>());
        if (change == "settings") spec = spec with { Training = new() { Epochs = 2 } };
        if (change == "policy") spec = spec with { Checkpoints = new() { Steps = 3, Keep = 5 } };
        if (change == "key") File.WriteAllText(Path.Combine(partial, "key.json"), "{ \"key\": \"half");

        var there = false;
        _models.WhileTraining = () => there = Directory.Exists(checkpoint);
        Run(spec, fresh: change == "fresh");

        Assert.That(there, Is.EqualTo(goesOn));
        const string before = "arm, seed 1: The unfinished training here cannot be gone on from";
        const string after = ": it is deleted, and the training begins anew.";
        Assert.That(_progress.Notes, Is.EqualTo(change switch
        {
            "settings" => [$"{before} (changed since: training){after}"],
            "key" => new[] { before + after },
            _ => [],
        }));
        var finished = Path.Combine(spec.OutputFolder, "arm", "seed-1");
        Assert.That(Directory.GetFileSystemEntries(finished).Select(Path.GetFileName), Has.None.EqualTo("checkpoints").And.None.EqualTo("key.json"));
        Assert.That(Directory.Exists(partial), Is.False);
    }

    [Test]
    public void A_training_that_was_killed_before_its_folder_was_renamed_is_found_complete([Values] bool oneIsThere)
    {
        var spec = Spec() with { Seeds = [1] };
        var place = Path.Combine(spec.OutputFolder, "arm", "seed-1");
        Run(spec);
        Directory.Move(place, place + ".partial");
        Directory.CreateDirectory(Path.Combine(place + ".partial", "checkpoints", "step-000001"));
        if (oneIsThere)
        {
            // Of the earlier run half was deleted.
            Directory.CreateDirectory(place);
            File.Copy(Path.Combine(place + ".partial", "training.json"), Path.Combine(place, "training.json"));
        }
        Assert.That(Run(spec).Runs.Single().Measurements["accuracy/accuracy"].Value, Is.EqualTo(1));
        Assert.That(_models.Trained, Has.Count.EqualTo(1));
        Assert.That(Directory.GetDirectories(Path.Combine(spec.OutputFolder, "arm")), Is.EqualTo(new[] { place }));
        Assert.That(Directory.GetDirectories(place).Select(Path.GetFileName), Is.EqualTo(new[] { "checkpoint" }));
    }

    [Test]
    public void Checkpoints_stay_where_the_user_asks_for_them_and_what_was_half_written_goes()
    {
        var spec = Spec() with { Seeds = [1], Checkpoints = new() { KeepWhenFinished = true } };
        var place = Path.Combine(spec.OutputFolder, "arm", "seed-1");
        _models.WhileTraining = () => Directory.CreateDirectory(Path.Combine(place + ".partial", "checkpoints", "step-000001"));
        Run(spec);
        Assert.That(Directory.Exists(Path.Combine(place, "checkpoints", "step-000001")));
        File.WriteAllText(Path.Combine(place, "run.json.123.tmp"), "{ \"key");
        Run(spec);
        Assert.That(Directory.GetFiles(place, "*.tmp"), Is.Empty);
    }

    [Test]
    public void A_full_disk_ends_the_experiment_with_one_message()
    {
        _models.WhileTraining = () => throw StorageFailure.Of("the checkpoint of step 3", _folder, new IOException("No space left on device", 28), 2_500_000);
        Assert.That(() => Run(Spec()), Throws.TypeOf<RewardKitException>().With.Property("ExitCode").EqualTo(1).And.Message.Match(
            @"^There is no room for the checkpoint of step 3 in .+ \(it takes about 2\.5 MB, [\d,.]+ [kM]B are free\): No space left on device\. "
            + @"What was written before is intact: free space, and run the same command again\.$"));
        Assert.That(_models.Trained, Has.Count.EqualTo(1));
    }

    [Test]
    public void Nothing_is_trained_when_any_plugin_is_unknown()
    {
        var spec = Spec() with { Arms = [new("arm", Loss("long"), []), new("other", Loss("lnog"), [])] };
        Assert.That(() => Run(spec), Throws.TypeOf<RewardKitException>().With.Message.Contains("lnog"));
        Assert.That(_models.Trained, Is.Empty);
    }

    [Test]
    public void Wrong_experiments_are_refused_with_what_is_wrong()
    {
        var filter = Results.Use(PluginKind.Augmenter, "filter");
        Refused(Spec() with { Arms = [] }, "no arm");
        Refused(Spec() with { Seeds = [] }, "no seed");
        Refused(Spec() with { Seeds = [1, 1] }, "seed 1 stands 2 times");
        Refused(Spec() with { Evaluations = [] }, "no evaluator");
        Refused(Spec() with { Arms = [new("a", Loss("long"), []), new("a", Loss("long"), [])] }, "arm a stands 2 times");
        Refused(Spec() with { Arms = [new("a", Loss("long"), [filter])] }, "Baseline.arm");
        Refused(Spec() with { Arms = [new("a", Loss("long"), [filter], "b")] }, "\"b\" as its baseline");
        Refused(Spec() with { Arms = [new("a", Loss("long"), [filter], "b"), new("b", Loss("long"), [filter], "a")] }, "a → b → a");
        Refused(Spec() with { Train = new PairFile(Path.Combine(_folder, "missing.jsonl")) }, "missing.jsonl");
        Refused(
            Spec() with
            {
                Arms = [new("pairs", new InlineUse(PluginKind.Loss, "inline", new PairwiseLoss(), "1"), [])],
                Evaluations = [.. Spec().Evaluations, new(new InlineUse(PluginKind.Evaluator, "one-by-one", new OneByOne(), "1"), null)],
            },
            "The arm \"pairs\" trains a pairwise model, which says which of two responses is better, and the evaluator one-by-one needs a reward for each response.");

        ArmSpec policy = new("dpo", new InlineUse(PluginKind.Loss, "inline", new PolicyLoss(), "1"), []);
        const string add = "add Score.implicitReward () to its steps.";
        Refused(Spec() with { Arms = [policy] }, $"The arm \"dpo\" trains a language model by a loss that reads no reward, and the evaluator accuracy needs one. Let the arm score by its implicit reward: {add}");
        Refused(Spec() with { Arms = [policy], Training = new() { Keep = KeepModel.BestAccuracy } }, "KeepModel.BestAccuracy chooses by the accuracy of rewards. Choose KeepModel.LowestLoss.");
        Refused(Spec() with { Arms = [policy with { Composer = Results.Use(PluginKind.Composer, "turned") }] }, add);
        Refused(
            Spec() with { Arms = [policy, new("filtered", Loss("long"), [filter], "dpo")], Evaluations = [new(new InlineUse(PluginKind.Evaluator, "reader", new Reader(), "1"), Spec().Evaluations[0].Pairs)] },
            $"The arm \"filtered\" filters with the arm \"dpo\", which trains a language model by a loss that reads no reward. Let that one score by its implicit reward: {add}");

        var asking = new InlineUse(PluginKind.Augmenter, "asking", new AskingAugmenter(), "1");
        var previous = new Dictionary<string, ModelSpec> { ["previous"] = Spec().Model };
        Refused(Spec() with { Arms = [new("a", Loss("long"), [asking])] }, "uses the augmenter asking, which asks for a language model under the name \"previous\", and the arm names none. Add Policy.named \"previous\" MODEL to its steps.");
        Refused(Spec() with { Arms = [new("a", Loss("long"), [asking]) { Policies = new Dictionary<string, ModelSpec>(previous) { ["last"] = Spec().Model } }] }, "names a language model \"last\" that none of its augmenters asks for; they ask for previous.");
        Refused(Spec() with { Arms = [new("a", Loss("long"), []) { Policies = previous }] }, "names a language model \"previous\" that none of its augmenters asks for.");

        void Refused(ExperimentSpec spec, string message) =>
            Assert.That(() => Run(spec), Throws.TypeOf<RewardKitException>().With.Message.Contains(message).And.Property("ExitCode").EqualTo(2));
    }

    [Test]
    public void A_plugin_that_throws_is_named_with_its_run()
    {
        _models.WhileTraining = () => throw new InvalidOperationException("no such thing");
        Assert.That(() => Run(Spec()), Throws.TypeOf<RewardKitException>().With.Message.EqualTo(
            "The arm \"arm\" with seed 1 failed: InvalidOperationException: no such thing\n"
            + "The arm \"arm\" with seed 2 failed: InvalidOperationException: no such thing").And.Property("ExitCode").EqualTo(1));
    }

    [Test]
    public void A_run_that_fails_does_not_keep_the_others_from_their_end()
    {
        var times = 0;
        _models.WhileTraining = () => { if (++times == 1) throw new InvalidOperationException("no such thing"); };
        var result = Run(Spec());
        Assert.That(result.Failures.Select(f => (f.Arm, f.Seed, f.Message)), Is.EqualTo(new[]
        {
            ("arm", (int?)1, "The arm \"arm\" with seed 1 failed: InvalidOperationException: no such thing"),
        }));
        Assert.That(result.Runs.Select(r => r.Seed), Is.EqualTo(new int?[] { 2 }));
        Assert.That(result.Trivial, Has.Count.EqualTo(2));
        Assert.That(Run(Spec()).Runs.Select(r => r.Reused), Is.EqualTo(new[] { false, true }), "and is tried again");
    }

    [Test]
    public void Wrong_input_that_only_a_run_finds_ends_the_experiment()
    {
        _models.WhileTraining = () => throw RewardKitException.Input("The tensors do not fit.");
        Assert.That(() => Run(Spec()), Throws.TypeOf<RewardKitException>().With.Message.EqualTo("The tensors do not fit."));
        Assert.That(_models.Trained, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_file_that_a_plugin_misses_is_not_taken_for_one_of_the_store()
    {
        _models.WhileTraining = () => File.ReadAllText(Path.Combine(_folder, "words.txt"));
        Assert.That(() => Run(Spec()), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(
            "The arm \"arm\" with seed 1 failed: FileNotFoundException: ").And.Message.Contains("words.txt"));
    }

    [Test]
    public void Two_processes_do_not_run_the_same_experiment_at_once()
    {
        _models.WhileTraining = () => new ExperimentRunner(_plugins, new FakeModels()).Run(Spec(), new(), new Silent());
        Assert.That(() => Run(Spec()), Throws.TypeOf<RewardKitException>().With.Message.Contains("another process"));
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
        var (a, b) = (Spec().Train, new PairFile(Path.Combine(_folder, "more.jsonl")));
        _models.Dropped = 3;
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

    private ExperimentResult Run(ExperimentSpec spec, bool fresh = false, CancellationToken cancellation = default) =>
        new ExperimentRunner(_plugins, _models).Run(spec, new(fresh), _progress, cancellation);

    private ExperimentSpec Spec()
    {
        var model = Path.Combine(_folder, "model");
        Directory.CreateDirectory(model);
        return new()
        {
            Name = "test",
            Model = new ModelSpec { Folder = model },
            Train = new PairFile(Path.Combine(_folder, "train.jsonl")),
            Arms = [new("arm", Loss("long"), [])],
            Evaluations = [new(Results.Use(PluginKind.Evaluator, "accuracy"), new PairFile(Path.Combine(_folder, "test.jsonl")))],
            Seeds = [1, 2],
            OutputFolder = Path.Combine(_folder, "out"),
        };
    }

    private void WritePairs(string name, string chosen, string rejected) => File.WriteAllLines(
        Path.Combine(_folder, name),
        Enumerable.Range(1, 4).Select(i => JsonSerializer.Serialize(new
        {
            chosen = $"\n\nHuman: question {i}\n\nAssistant: {chosen}",
            rejected = $"\n\nHuman: question {i}\n\nAssistant: {rejected}",
        })));

    private static PluginUse Loss(string id) => Results.Use(PluginKind.Loss, id);

    private sealed class PairwiseLoss : ILoss
    {
        public ForwardNeeds Needs => ForwardNeeds.Preferences;

        public LossResult Compute(PairBatch batch, PairForward forward) => throw new InvalidOperationException();
    }

    private sealed class PolicyLoss : ILoss
    {
        public ForwardNeeds Needs => ForwardNeeds.ResponseLogProbs;

        public LossResult Compute(PairBatch batch, PairForward forward) => throw new InvalidOperationException();
    }

    private sealed class AskingAugmenter : IAugmenter
    {
        public AugmenterNeeds Needs => AugmenterNeeds.Policies;

        public IReadOnlyList<string> Policies => ["previous"];

        public IAsyncEnumerable<PreferenceExample> AugmentAsync(
            IAsyncEnumerable<PreferenceExample> examples, AugmentationContext context, CancellationToken cancellation) => examples;
    }

    private sealed class Reader : IEvaluator
    {
        public EvaluatorNeeds Needs => EvaluatorNeeds.Writer;

        public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation) => throw new InvalidOperationException();
    }

    private sealed class OneByOne : IEvaluator
    {
        public EvaluatorNeeds Needs => EvaluatorNeeds.Rewards;

        public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation) => throw new InvalidOperationException();
    }
}
