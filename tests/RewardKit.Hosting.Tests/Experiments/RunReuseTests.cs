using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Checkpoints;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Tests.Experiments;

/// <summary>What is found again, what is gone on from, and what is computed again.</summary>
public class RunReuseTests : ExperimentRunnerFixture
{
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
    public void Arms_that_differ_only_in_how_they_score_are_trained_once()
    {
        var spec = Spec() with { Arms = [new("plain", Loss("long"), []), new("turned", Loss("long"), []) { Composer = Results.Use(PluginKind.Composer, "turned") }] };
        var result = Run(spec);
        Assert.That(Models.Trained, Is.EqualTo(new[] { "long seed 1 on 4", "long seed 2 on 4" }));
        Assert.That(result.Runs.Select(r => r.Measurements["accuracy/accuracy"].Value), Is.EqualTo(new[] { 1.0, 1.0, 0.0, 0.0 }));
        Assert.That(JsonSerializer.Serialize(result.Runs[2].Log), Is.EqualTo(JsonSerializer.Serialize(result.Runs[0].Log)));
        Assert.That(Progress.Notes, Has.Exactly(2).Contains("Has the model of the arm \"plain\""));
        // What was taken over is its own: it stays when the other arm is gone.
        Directory.Delete(Path.Combine(spec.OutputFolder, "plain"), recursive: true);
        Assert.That(Run(spec with { Arms = [spec.Arms[1]] }).Runs.Select(r => r.Reused), Is.All.True);
    }

    [Test]
    public void A_finished_experiment_is_found_again_whole()
    {
        var first = Run(Spec());
        var second = Run(Spec());
        Assert.That(Models.Trained, Has.Count.EqualTo(2));
        Assert.That(Plugins.Evaluations, Is.EqualTo(2));
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
        Assert.That((Models.Trained.Count, Plugins.Evaluations), Is.EqualTo((4, 4)));
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
        if (change == "plugin") Plugins.Hashes["long"] = "fedcba9876543210";
        if (change == "data") WritePairs("train.jsonl", "another answer", "short");
        if (change == "settings") spec = spec with { Training = new() { Epochs = 2 } };
        if (change == "version") Models.Version = "2";
        if (change == "loss") spec = spec with { Arms = [new("arm", Loss("short"), [])] };
        if (change == "model") File.WriteAllText(Path.Combine(Folder, "model", "config.json"), "{ }");
        if (change == "tokenizer") File.WriteAllText(Path.Combine(Folder, "model", "tokenizer.json"), "{ }");
        Assert.That(Run(spec).Runs.Select(r => r.Reused), Is.All.False);
        Assert.That(Models.Trained, Has.Count.EqualTo(4));

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
        Directory.Move(Folder, Folder + "-moved");
        Folder += "-moved";
        Assert.That(Run(Adapted("v_proj")).Runs.Single().Reused, Is.False);
    }

    [Test]
    public void What_changes_no_number_trains_nothing([Values("readme", "moved", "name")] string change)
    {
        Run(Spec());
        var spec = Spec();
        if (change == "readme") File.WriteAllText(Path.Combine(Folder, "model", "README.md"), "Read me.");
        if (change == "name") spec = spec with { Name = "other" };
        if (change == "moved")
        {
            foreach (var file in Directory.GetFiles(Folder)) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(1));
            Directory.Move(Folder, Folder + "-moved");
            Folder += "-moved";
            spec = Spec();
        }
        Assert.That(Run(spec).Runs.Select(r => r.Reused), Is.All.True);
    }

    [Test]
    public void What_changes_the_evaluation_alone_does_not_train_again([Values("plugin", "option", "data", "reading")] string change)
    {
        Run(Spec());
        var spec = Spec();
        if (change == "plugin") Plugins.Hashes["accuracy"] = "fedcba9876543210";
        if (change == "option")
            spec = spec with { Evaluations = [spec.Evaluations[0] with { Evaluator = Results.Use(PluginKind.Evaluator, "accuracy", ("strict", true)) }] };
        if (change == "reading") spec = spec with { Evaluations = [spec.Evaluations[0] with { Pairs = (PairFile)spec.Evaluations[0].Pairs! with { Reading = new() } }] };
        if (change == "data") WritePairs("test.jsonl", "short", "a longer answer");
        var result = Run(spec);
        Assert.That((Models.Trained.Count, Plugins.Evaluations), Is.EqualTo((2, 4)));
        if (change == "data") Assert.That(result.Runs[0].Measurements["accuracy/accuracy"].Value, Is.Zero);
    }

    [Test]
    public void What_an_evaluator_reads_is_a_part_of_what_decides_its_numbers([Values("content", "name", "below", "beside", "place")] string change)
    {
        var (file, folder) = (Path.Combine(Folder, "in", "a.json"), Path.Combine(Folder, "in", "more"));
        Directory.CreateDirectory(Path.Combine(folder, "below"));
        File.WriteAllText(file, "1");
        File.WriteAllText(Path.Combine(folder, "below", "b.json"), "1");
        Run(Reading());
        if (change == "content") File.WriteAllText(file, "2");
        if (change == "name") File.Move(file, file = Path.Combine(Folder, "in", "b.json"));
        if (change == "below") File.WriteAllText(Path.Combine(folder, "below", "b.json"), "2");
        if (change == "beside") File.WriteAllText(Path.Combine(Folder, "in", "beside.json"), "2");
        if (change == "place")
        {
            Directory.Move(Path.Combine(Folder, "in"), Path.Combine(Folder, "moved"));
            (file, folder) = (Path.Combine(Folder, "moved", "a.json"), Path.Combine(Folder, "moved", "more"));
        }
        Run(Reading());
        Assert.That((Models.Trained.Count, Plugins.Evaluations), Is.EqualTo((1, change is "beside" or "place" ? 2 : 4)));

        ExperimentSpec Reading() => Spec() with
        {
            Seeds = [1],
            Evaluations = [new(Results.Use(PluginKind.Evaluator, "benchmark", ("input", file)), null), new(Results.Use(PluginKind.Evaluator, "benchmark", ("input", folder)), null)],
        };
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
        Models.Trained.Clear();
        Run(spec with { Arms = [new("base", Loss("short"), []), .. spec.Arms.Skip(1)] });
        Assert.That(Models.Trained, Is.EqualTo(new[] { "short seed 1 on 4", "short seed 1 on 4" }));
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
        Assert.That((Models.Trained.Count, Plugins.Evaluations), Is.EqualTo((trained, 2)));
        Assert.That(result.Runs[0].Measurements["accuracy/accuracy"].Value, Is.EqualTo(1));
        Assert.That(Run(spec).Runs[0].Reused, Is.True, "whole again");
    }

    [Test]
    public void A_stopped_training_leaves_finished_runs_and_of_the_others_only_their_metrics()
    {
        using var stop = new CancellationTokenSource();
        var runs = 0;
        Models.WhileTraining = () => { if (++runs == 2) stop.Cancel(); };
        Assert.That(() => Run(Spec(), cancellation: stop.Token), Throws.InstanceOf<OperationCanceledException>());
        var arm = Path.Combine(Folder, "out", "arm");
        Assert.That(Folders(), Is.EqualTo(new[] { "seed-1", "seed-2.partial" }));
        Assert.That(Directory.GetFileSystemEntries(Path.Combine(arm, "seed-2.partial")).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            Is.EqualTo(new[] { Path.GetFileName(Directory.GetFiles(Path.Combine(arm, "seed-2.partial"), "events.out.tfevents.*").Single()), "metrics.jsonl" }));
        Assert.That(File.ReadAllLines(Path.Combine(arm, "seed-2.partial", "metrics.jsonl")), Has.Length.EqualTo(1));
        Models.WhileTraining = null;
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
        Models.WhileTraining = () =>
        {
            Directory.CreateDirectory(checkpoint);
            throw new InvalidOperationException("killed");
        };
        Assert.That(() => Run(spec), Throws.InstanceOf<RewardKitException>());
        if (change == "settings") spec = spec with { Training = new() { Epochs = 2 } };
        if (change == "policy") spec = spec with { Checkpoints = new() { Steps = 3, Keep = 5 } };
        if (change == "key") File.WriteAllText(Path.Combine(partial, "key.json"), "{ \"key\": \"half");

        var there = false;
        Models.WhileTraining = () => there = Directory.Exists(checkpoint);
        Run(spec, fresh: change == "fresh");

        Assert.That(there, Is.EqualTo(goesOn));
        const string before = "arm, seed 1: The unfinished training here cannot be gone on from";
        const string after = ": it is deleted, and the training begins anew.";
        Assert.That(Progress.Notes, Is.EqualTo(change switch
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
        Assert.That(Models.Trained, Has.Count.EqualTo(1));
        Assert.That(Directory.GetDirectories(Path.Combine(spec.OutputFolder, "arm")), Is.EqualTo(new[] { place }));
        Assert.That(Directory.GetDirectories(place).Select(Path.GetFileName), Is.EqualTo(new[] { "checkpoint" }));
    }

    [Test]
    public void Checkpoints_stay_where_the_user_asks_for_them_and_what_was_half_written_goes()
    {
        var spec = Spec() with { Seeds = [1], Checkpoints = new() { KeepWhenFinished = true } };
        var place = Path.Combine(spec.OutputFolder, "arm", "seed-1");
        Models.WhileTraining = () => Directory.CreateDirectory(Path.Combine(place + ".partial", "checkpoints", "step-000001"));
        Run(spec);
        Assert.That(Directory.Exists(Path.Combine(place, "checkpoints", "step-000001")));
        File.WriteAllText(Path.Combine(place, "run.json.123.tmp"), "{ \"key");
        Run(spec);
        Assert.That(Directory.GetFiles(place, "*.tmp"), Is.Empty);
    }
}
