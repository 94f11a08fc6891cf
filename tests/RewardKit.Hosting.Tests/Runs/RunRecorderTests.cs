using System.Text.Json;
using Microsoft.Data.Sqlite;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Runs;
using RewardKit.Hosting.Tests.Experiments;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Tests.Runs;

/// <summary>What the index knows of experiments that run.</summary>
public sealed class RunRecorderTests
{
    private string _folder = "";
    private FakeModels _models = new();
    private Notes _notes = new();

    [SetUp]
    public void SetUp()
    {
        (_folder, _models, _notes) = (Directory.CreateTempSubdirectory("recorded-").FullName, new(), new());
        Directory.CreateDirectory(Path.Combine(_folder, "model"));
        File.WriteAllLines(Path.Combine(_folder, "pairs.jsonl"), Enumerable.Range(1, 4).Select(i => JsonSerializer.Serialize(new
        {
            chosen = $"\n\nHuman: question {i}\n\nAssistant: a longer answer",
            rejected = $"\n\nHuman: question {i}\n\nAssistant: short",
        })));
    }

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, true);

    private RunRow[] Rows => [.. new RunIndex(Path.Combine(_folder, "runs")).All().OrderBy(r => r.Folder, StringComparer.Ordinal)];

    [Test]
    public void A_run_is_running_while_it_is_trained_and_finished_with_its_settings_and_measurements()
    {
        var during = new List<string>();
        _models.WhileTraining = () => during.Add(string.Join(", ", Rows.Select(r => $"{r.Seed} {r.State}")));
        Run(Spec());
        var row = Rows[0];
        Assert.Multiple(() =>
        {
            Assert.That(during, Is.EqualTo(new[] { "1 Running", "1 Finished, 2 Running" }));
            Assert.That((row.State, row.Experiment, row.Arm, row.Seed, row.Steps), Is.EqualTo((RunState.Finished, "test", "arm", 1, (int?)1)));
            Assert.That(row.Metrics, Is.EqualTo(new Dictionary<string, double> { ["accuracy/accuracy"] = 1 }));
            Assert.That(row.Process, Is.EqualTo(RunProcess.Current));
            Assert.That(row.Ended, Is.GreaterThanOrEqualTo(row.Started));
            Assert.That(row.Folder, Is.EqualTo(Path.Combine(_folder, "runs", "out", "arm", "seed-1")));
            Assert.That(row.About["training pairs"], Is.EqualTo(Path.Combine(_folder, "pairs.jsonl")));
            var settings = RunSettings.Of(row);
            Assert.That((settings["loss"], settings["loss.alpha"], settings["training.schedule"], settings["seed"]), Is.EqualTo(("long", "0.5", "Cosine", "1")));
            Assert.That(_notes.All, Is.Empty);
        });
    }

    [Test]
    public void A_failed_part_is_recorded_with_its_reason_and_run_again_alone()
    {
        var times = 0;
        _models.WhileTraining = () => { if (++times == 2) throw new InvalidOperationException("no such thing"); };
        Run(Spec());
        Assert.That(Rows.Select(r => (r.State, r.Error)), Is.EqualTo(new[] { (RunState.Finished, null), (RunState.Failed, "InvalidOperationException: no such thing") }));
        _models.Trained.Clear();
        var first = Rows[0];
        Run(Spec());
        Assert.That(_models.Trained, Is.EqualTo(new[] { "long seed 2 on 4" }));
        Assert.That(Rows.Select(r => (r.State, r.Error)), Is.EqualTo(new[] { (RunState.Finished, (string?)null), (RunState.Finished, null) }));
        Assert.That(Rows[0].Started, Is.EqualTo(first.Started), "what was found again keeps its time");
    }

    [Test]
    public void One_changed_option_runs_its_arm_alone_and_changes_its_row()
    {
        ExperimentSpec Two(double alpha) => Spec() with { Seeds = [1], Arms = [Arm("a", 0.5), Arm("b", alpha)] };
        Run(Two(0.5));
        var before = Rows;
        _models.Trained.Clear();
        Run(Two(0.7));
        Assert.That(_models.Trained, Has.Count.EqualTo(1));
        Assert.That(Rows.Select(r => RunSettings.Of(r)["loss.alpha"]), Is.EqualTo(new[] { "0.5", "0.7" }));
        Assert.That(Rows.Select(r => r.Id), Is.EqualTo(before.Select(r => r.Id)));
        Assert.That(Rows.Zip(before).Select(r => r.First.Key == r.Second.Key), Is.EqualTo(new[] { true, false }));
    }

    [Test]
    public void A_stopped_run_is_stopped()
    {
        using var stop = new CancellationTokenSource();
        _models.WhileTraining = stop.Cancel;
        Assert.That(() => Run(Spec(), stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Rows.Select(r => r.State), Is.EqualTo(new[] { RunState.Stopped }));
    }

    [Test]
    public void Wrong_input_found_before_the_first_step_leaves_no_row()
    {
        _models.BeforeTraining = () => throw RewardKitException.Input("The tensors do not fit.");
        Assert.That(() => Run(Spec()), Throws.TypeOf<RewardKitException>());
        Assert.That(File.Exists(Path.Combine(_folder, "runs", "runs.db")), Is.False);
    }

    [Test]
    public void A_lost_index_is_made_again_from_the_folders()
    {
        using var stop = new CancellationTokenSource();
        var times = 0;
        _models.WhileTraining = () => { if (++times == 2) stop.Cancel(); };
        Assert.That(() => Run(Spec(), stop.Token), Throws.InstanceOf<OperationCanceledException>());
        var before = Rows;
        File.Delete(Path.Combine(_folder, "runs", "runs.db"));
        var after = Rows;
        Assert.Multiple(() =>
        {
            Assert.That(after.Select(r => (r.Id, r.Arm, r.Seed, r.State)), Is.EqualTo(before.Select(r => (r.Id, r.Arm, r.Seed, r.State))));
            Assert.That(after[0].Key, Is.EqualTo(before[0].Key));
            Assert.That(RunSettings.Of(after[0]), Is.EqualTo(RunSettings.Of(before[0])));
            Assert.That(after[0].Metrics, Is.EqualTo(before[0].Metrics));
            Assert.That(after[0].Steps, Is.EqualTo(1));
        });
    }

    [Test]
    public void An_index_that_cannot_be_used_loses_no_training([Values("newer", "folder")] string trouble)
    {
        var path = Path.Combine(_folder, "runs", "runs.db");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (trouble == "folder") Directory.CreateDirectory(path);
        else
        {
            using var other = new SqliteConnection($"Data Source={path};Pooling=False");
            other.Open();
            using var command = other.CreateCommand();
            command.CommandText = "PRAGMA user_version = 9";
            command.ExecuteNonQuery();
        }
        var result = Run(Spec());
        Assert.That(result.Runs, Has.Count.EqualTo(2));
        Assert.That(_notes.All, Has.Count.EqualTo(1));
        Assert.That(_notes.All[0], Does.StartWith($"This experiment's runs are not in the index: The index of runs {path} ").And.EndWith("Nothing else is lost; their folders are complete."));
    }

    private ExperimentResult Run(ExperimentSpec spec, CancellationToken cancellation = default) =>
        new ExperimentRunner(new FakePlugins(), _models).Run(spec, new(), _notes, cancellation);

    private static ArmSpec Arm(string name, double alpha) => new(name, Results.Use(PluginKind.Loss, "long", ("alpha", alpha)), []);

    private ExperimentSpec Spec() => new()
    {
        Name = "test",
        Model = new ModelSpec { Folder = Path.Combine(_folder, "model") },
        Train = new PairFile(Path.Combine(_folder, "pairs.jsonl")),
        Arms = [Arm("arm", 0.5)],
        Evaluations = [new(Results.Use(PluginKind.Evaluator, "accuracy"), new PairFile(Path.Combine(_folder, "pairs.jsonl")))],
        Seeds = [1, 2],
        OutputFolder = Path.Combine(_folder, "runs", "out"),
    };

    private sealed class Notes : IExperimentProgress
    {
        public List<string> All { get; } = [];
        public void Started(string arm, int seed) { }
        public void Advanced(string arm, int seed, TrainingProgress progress) { }
        public void Noted(string arm, int seed, string sentence) => All.Add(sentence);
        public void Finished(RunResult run) { }
        public void Failed(RunFailure failure) { }
    }
}
