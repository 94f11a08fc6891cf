using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Models;
using RewardKit.Training;
using RewardKit.Training.Checkpoints;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Tests.Experiments;

/// <summary>An experiment of one arm and two seeds in a folder of its own, with stand-ins for models and plugins.</summary>
public abstract class ExperimentRunnerFixture
{
    private protected string Folder { get; set; } = "";

    private protected FakeModels Models { get; set; } = new();

    private protected FakePlugins Plugins { get; set; } = new();

    private protected Silent Progress { get; set; } = new();

    [SetUp]
    public void SetUp()
    {
        Folder = Path.Combine(TestContext.CurrentContext.WorkDirectory, Guid.NewGuid().ToString("n"));
        Directory.CreateDirectory(Folder);
        (Models, Plugins, Progress) = (new(), new(), new());
        WritePairs("train.jsonl", "a longer answer", "short");
        WritePairs("test.jsonl", "a longer answer", "short");
    }

    [TearDown]
    public void TearDown() => Directory.Delete(Folder, true);

    private protected ExperimentResult Run(ExperimentSpec spec, bool fresh = false, CancellationToken cancellation = default) =>
        new ExperimentRunner(Plugins, Models).Run(spec, new(fresh), Progress, cancellation);

    private protected ExperimentSpec Spec()
    {
        var model = Path.Combine(Folder, "model");
        Directory.CreateDirectory(model);
        return new()
        {
            Name = "test",
            Model = new ModelSpec { Folder = model },
            Train = new PairFile(Path.Combine(Folder, "train.jsonl")),
            Arms = [new("arm", Loss("long"), [])],
            Evaluations = [new(Results.Use(PluginKind.Evaluator, "accuracy"), new PairFile(Path.Combine(Folder, "test.jsonl")))],
            Seeds = [1, 2],
            OutputFolder = Path.Combine(Folder, "out"),
        };
    }

    private protected void WritePairs(string name, string chosen, string rejected) => File.WriteAllLines(
        Path.Combine(Folder, name),
        Enumerable.Range(1, 4).Select(i => JsonSerializer.Serialize(new
        {
            chosen = $"\n\nHuman: question {i}\n\nAssistant: {chosen}",
            rejected = $"\n\nHuman: question {i}\n\nAssistant: {rejected}",
        })));

    private protected static PluginUse Loss(string id) => Results.Use(PluginKind.Loss, id);
}
