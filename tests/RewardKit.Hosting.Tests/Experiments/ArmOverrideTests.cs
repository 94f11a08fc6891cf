using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Generators;
using RewardKit.Hosting.Reports;
using RewardKit.Hosting.Scoring;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Tests.Experiments;

/// <summary>Arms with a model, training pairs or settings of their own.</summary>
public class ArmOverrideTests
{
    private static readonly ModelSpec s_wide = new() { Configuration = Shape(64) };
    private string _folder = "";
    private FakeModels _models = new();

    [SetUp]
    public void SetUp()
    {
        _folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(_folder);
        _models = new();
        foreach (var (name, pairs) in new[] { ("train", 4), ("more", 6), ("test", 3) })
            File.WriteAllLines(FileOf(name), Enumerable.Range(1, pairs).Select(i => JsonSerializer.Serialize(new
            {
                chosen = $"\n\nHuman: {name} {i}\n\nAssistant: a longer answer",
                rejected = $"\n\nHuman: {name} {i}\n\nAssistant: short",
            })));
    }

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, true);

    [Test]
    public void An_arm_trains_with_its_own_and_else_with_the_experiments()
    {
        var result = Run(Spec(Arm("plain"), Arm("own") with { Model = s_wide, Train = new PairFile(FileOf("more")), Training = new() { LearningRate = 0.5 } }));
        Assert.That(_models.Trained, Is.EqualTo(new[] { "long seed 1 on 4", "long seed 1 on 6" }));
        Assert.That(_models.Starts.Select(s => (s.Model.Configuration!.HiddenSize, s.Options.LearningRate)), Is.EqualTo(new[] { (32, 1e-3), (64, 0.5) }));

        var page = ReportPage.Write(result);
        Assert.That(page, Does.Contain("own: learningRate").And.Contain("own: configuration.hiddenSize").And.Contain("training pairs of own"));
        Assert.That(page, Does.Not.Contain("own: epochs"), "only what differs");
        Assert.That(result.Notes, Has.Some.Contains("the word bigrams have learnt from").And.Some.Contains("train.jsonl"));
        using var json = JsonDocument.Parse(ResultsJson.Write(result));
        var arm = json.RootElement.GetProperty("data").GetProperty("arms").EnumerateArray().Single();
        Assert.That(arm.GetProperty("arm").GetString(), Is.EqualTo("own"));
        Assert.That(arm.GetProperty("pairs").GetProperty("source").GetString(), Does.EndWith("more.jsonl"));
    }

    [Test]
    public void Only_arms_that_are_trained_alike_share_a_model()
    {
        Run(Spec(
            Arm("plain"), Arm("same") with { Model = Spec().Model, Training = new() }, Arm("rate") with { Training = new() { LearningRate = 0.5 } },
            Arm("wide") with { Model = s_wide }, Arm("data") with { Train = new PairFile(FileOf("more")) }));
        Assert.That(_models.Trained, Has.Count.EqualTo(4), "all but the one that states what the experiment has anyway");
    }

    [Test]
    public void What_an_arm_changes_repeats_that_arm_alone()
    {
        var spec = Spec(Arm("plain"), Arm("own") with { Training = new() { LearningRate = 0.5 } });
        Run(spec);
        Run(spec with { Arms = [spec.Arms[0], spec.Arms[1] with { Training = new() { LearningRate = 0.25 } }] });
        Assert.That(_models.Starts.Select(s => s.Options.LearningRate), Is.EqualTo(new[] { 1e-3, 0.5, 0.25 }));
        // And what all share repeats those that have not their own.
        Run(spec with { Training = new() { LearningRate = 0.125 }, Arms = [spec.Arms[0], spec.Arms[1] with { Training = new() { LearningRate = 0.25 } }] });
        Assert.That(_models.Starts[3..].Select(s => s.Options.LearningRate), Is.EqualTo(new[] { 0.125 }));
    }

    [Test]
    public void A_baseline_with_pairs_of_its_own_decides_the_arm_that_is_filtered_with_it()
    {
        ExperimentSpec With(string data) => Spec(
            Arm("base") with { Train = new PairFile(FileOf(data)) }, Arm("filtered") with { Baseline = "base", Augmenters = [Results.Use(PluginKind.Augmenter, "filter")] });
        Run(With("train"));
        Run(With("more"));
        Assert.That(_models.Trained, Is.EqualTo(new[] { "long seed 1 on 4", "long seed 1 on 8", "long seed 1 on 6", "long seed 1 on 8" }));
    }

    [Test]
    public void A_missing_file_of_one_arm_is_refused_before_any_is_trained()
    {
        var missing = Assert.Throws<RewardKitException>(() => Run(Spec(Arm("plain"), Arm("own") with { Train = new PairFile(FileOf("nowhere")) })))!;
        Assert.That((missing.ExitCode, missing.Message), Is.EqualTo((2, $"There is no data file {FileOf("nowhere")}.")));
        Assert.That(_models.Trained, Is.Empty);
    }

    [Test]
    public void Experiments_are_equal_by_what_they_say_and_tell_how_they_differ()
    {
        Assert.That(Spec(Arm("a")), Is.EqualTo(Spec(Arm("a")) with { OutputFolder = "/elsewhere" }));
        Assert.That(Spec(Arm("a")), Is.Not.EqualTo(Spec(Arm("a")) with { Seeds = [2] }));
        var differences = ExperimentSpec.Differences(Spec(Arm("a")), Spec(Arm("a"), Arm("b")) with { Training = new() { Epochs = 3 } });
        Assert.That(differences, Is.EqualTo(new (string, string?, string?)[] { ("training epochs", "1", "3"), ("arm b", null, "long") }));
        Assert.That($"{Spec(Arm("a") with { Training = new() { LearningRate = 0.5 } })}", Does.Contain("arm       a: long; learningRate 0.5"));
    }

    // Names are for readers: two rules or two folders may have the same one.
    [Test]
    public void Experiments_differ_where_what_they_name_is_not_the_same()
    {
        static ScorerSpec Rule(string content) => new ScriptedScorerSpec("rule", _ => 0, content);
        static ScorerSpec Places(string content) => new ScriptedStepsSpec("rule", _ => [], content);
        static ScorerSpec Saved(string folder, double weight = 1) =>
            new ComposedScorerSpec(Results.Use(PluginKind.Composer, "sum"), [(new ModelScorerSpec(new() { Folder = $"{folder}/model" }), weight)], null);
        ArmSpec With(params MemberSpec[] members) => Arm("a") with { Composer = Results.Use(PluginKind.Composer, "sum"), Members = members };
        ArmSpec Scoring(ScorerSpec scorer) => With(new NamedMember(scorer, 1));
        ArmSpec Asking(string content) => Arm("a") with { Generator = new ScriptedSpec("judge", _ => null!, content) };
        ArmSpec Comparing(string folder) => Arm("a") with { Policies = new Dictionary<string, ModelSpec> { ["reference"] = new() { Folder = $"{folder}/runs/model" } } };
        ArmSpec Scaled(string folder) => Scoring(Rule("1")) with { Reference = new PairFile($"{folder}/data/pairs.jsonl") };
        (string, ArmSpec, ArmSpec)[] cases =
        [
            ("rules", Scoring(Rule("1")), Scoring(Rule("2"))), ("rules with places", Scoring(Places("1")), Scoring(Places("2"))),
            ("folders", Scoring(new ModelScorerSpec(new() { Folder = "/one/model" })), Scoring(new ModelScorerSpec(new() { Folder = "/other/model" }))),
            ("folders within", Scoring(Saved("/one")), Scoring(Saved("/other"))), ("weights within", Scoring(Saved("/one")), Scoring(Saved("/one", 2))),
            ("generators", Asking("1"), Asking("2")), ("policies", Comparing("/one"), Comparing("/other")), ("references", Scaled("/one"), Scaled("/other")),
        ];
        Assert.Multiple(() =>
        {
            foreach (var (what, one, other) in cases)
            {
                Assert.That(Spec(one), Is.Not.EqualTo(Spec(other)), what);
                Assert.That(Spec(one).Has(other), Is.False, what);
                Assert.That(ExperimentSpec.Differences(Spec(one), Spec(other)).Select(d => d.Setting), Is.EqualTo(new[] { "arm a" }), what);
                Assert.That(Spec(one).Has(one) && Spec(one).Equals(Spec(one)), what);
                Assert.That($"{Spec(one)}", Is.EqualTo($"{Spec(other)}"), $"{what}: for readers, names");
            }
            ExperimentSpec Judged(string content) => Spec(Arm("a")) with { Generator = new ScriptedSpec("judge", _ => null!, content) };
            Assert.That(
                ExperimentSpec.Differences(Judged("1"), Judged("2")), Is.EqualTo(new (string, string?, string?)[] { ("generator", "judge (1)", "judge (2)") }));
        });
    }

    private static ModelConfig Shape(int width) => new()
    {
        VocabSize = 10,
        HiddenSize = width,
        IntermediateSize = 32,
        NumHiddenLayers = 1,
        NumAttentionHeads = 2,
        NumKeyValueHeads = 2,
    };

    private static ArmSpec Arm(string name) => new(name, Results.Use(PluginKind.Loss, "long"), []);

    private string FileOf(string name) => Path.Combine(_folder, $"{name}.jsonl");

    private ExperimentSpec Spec(params ArmSpec[] arms) => new()
    {
        Name = "own",
        Model = new() { Configuration = Shape(32) },
        Train = new PairFile(FileOf("train")),
        Arms = arms,
        Evaluations = [new(Results.Use(PluginKind.Evaluator, "accuracy"), new PairFile(FileOf("test")))],
        Seeds = [1],
        OutputFolder = Path.Combine(_folder, "runs", "own"),
    };

    private ExperimentResult Run(ExperimentSpec spec) => new ExperimentRunner(new FakePlugins(), _models).Run(spec, new RunnerOptions(false), new Silent());
}
