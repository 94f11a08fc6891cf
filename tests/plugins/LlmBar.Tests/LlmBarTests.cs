using System.Text.Json.Nodes;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.LlmBar.Tests;

public sealed class LlmBarTests
{
    private static readonly string Data = Path.Combine(TestContext.CurrentContext.TestDirectory, "data");
    private static readonly string Benchmark = Path.Combine(Data, "LLMBar");

    private string _folder = "";

    [SetUp]
    public void SetUp() => Directory.CreateDirectory(_folder = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}", "Natural"));

    [TearDown]
    public void TearDown() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    [Test]
    public async Task The_published_folder_is_read_and_its_subsets_weigh_the_same()
    {
        var chosen = Published("LLMBar/Natural", "LLMBar/Adversarial/Manual").ToHashSet();
        var report = await Evaluate(Benchmark, r => chosen.Contains(r.Response.LastContent) ? 1 : 0);
        Assert.Multiple(() =>
        {
            Assert.That(report.Metrics.ToDictionary(m => m.Key, m => m.Value.Value), Is.EquivalentTo(new Dictionary<string, double>
            {
                // Where the scorer knows neither output, the two are equal and count one half.
                ["score"] = 0.7,
                ["adversarial"] = 0.625,
                ["subset.Natural"] = 1,
                ["subset.Manual"] = 1,
                ["subset.Neighbor"] = 0.5,
                ["subset.GPTInst"] = 0.5,
                ["subset.GPTOut"] = 0.5,
            }));
            Assert.That(report.Metrics.Keys.First(), Is.EqualTo("score"));
            Assert.That(report.Samples, Has.Count.EqualTo(15));
            Assert.That(report.Samples.Select(s => s.Example.Id), Has.Member("llm-bar:GPTInst:3"));
        });
    }

    [Test]
    public async Task Means_over_less_than_is_published_are_named_so()
    {
        var report = await Evaluate(Path.Combine(Benchmark, "Natural", "dataset.json"), _ => 0);
        Assert.That(report.Metrics.Keys, Is.EqualTo(new[] { "score (Natural)", "subset.Natural" }));
        Assert.That((await Evaluate(Path.Combine(Data, "Processed"), _ => 0)).Metrics.Keys, Is.EqualTo(new[] { "subset.FairEval" }));
        Assert.That((await Evaluate(Data, _ => 0)).Metrics.Keys, Is.SupersetOf(new[] { "score", "subset.FairEval" }));
    }

    [Test]
    [TestCase("label", "3", "record 2: \"label\" is 3, but must be 1 or 2: the number of the better output.")]
    [TestCase("output_2", null, "record 2: has no field \"output_2\"; it has input, output_1, label.")]
    [TestCase("input", " ", "record 2: \"input\" is empty.")]
    [TestCase(null, null, "record 2: has the id")]
    public void What_is_not_in_the_layout_is_refused_with_file_and_record(string? field, string? value, string expected)
    {
        var records = JsonNode.Parse(File.ReadAllText(Path.Combine(Benchmark, "Natural", "dataset.json")))!.AsArray();
        if (field is null) records[1] = records[0]!.DeepClone();
        else
        {
            records[1]!.AsObject().Remove(field);
            if (value is not null) records[1]![field] = int.TryParse(value, out var number) ? number : value;
        }
        var file = Path.Combine(_folder, "dataset.json");
        File.WriteAllText(file, records.ToJsonString());
        Assert.That(() => Evaluate(file, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(file).And.Message.Contains(expected));
    }

    [Test]
    public void A_folder_has_each_subset_once()
    {
        var root = Path.GetDirectoryName(_folder)!;
        Assert.That(() => Evaluate(root, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.Contains("has no SUBSET/dataset.json"));
        Directory.CreateDirectory(Path.Combine(root, "other", "Natural"));
        foreach (var folder in new[] { _folder, Path.Combine(root, "other", "Natural") }) File.Copy(Path.Combine(Benchmark, "Natural", "dataset.json"), Path.Combine(folder, "dataset.json"));
        Assert.That(() => Evaluate(root, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.Contains("two subsets Natural"));
    }

    private static IEnumerable<string> Published(params string[] subsets) =>
        from subset in subsets
        from record in JsonNode.Parse(File.ReadAllText(Path.Combine(Data, subset, "dataset.json")))!.AsArray()
        select record![$"output_{record["label"]}"]!.GetValue<string>();

    private static Task<EvaluationReport> Evaluate(string data, Func<ScoreRequest, double> reward) =>
        new LlmBarEvaluator(new() { Data = data }).EvaluateAsync(new(new FakeScorer(reward), [], 1), default);
}
