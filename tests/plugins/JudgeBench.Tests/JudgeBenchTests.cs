using System.Text.Json.Nodes;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.JudgeBench.Tests;

public sealed class JudgeBenchTests
{
    private static readonly string Data = Path.Combine(TestContext.CurrentContext.TestDirectory, "data");
    private static readonly string Claude = Path.Combine(Data, "dataset=judgebench,response_model=claude-3-5-sonnet-20240620.jsonl");
    private static readonly JsonNode[] Published = [.. Directory.GetFiles(Data, "*.jsonl").SelectMany(File.ReadLines).Select(line => JsonNode.Parse(line)!)];

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    [TearDown]
    public void TearDown() => File.Delete(_file);

    [Test]
    public async Task The_published_files_are_read()
    {
        // Right of the pairs of one model, undecided of the other's.
        var right = Published.Where(r => Model(r).StartsWith("gpt", StringComparison.Ordinal)).Select(Right).ToHashSet();
        var report = await Evaluate(Data, r => right.Contains(r.Response.LastContent) ? 1 : 0);
        Assert.Multiple(() =>
        {
            Assert.That(report.Metrics.Where(m => !m.Key.StartsWith("source.")).ToDictionary(m => m.Key, m => m.Value.Value), Is.EquivalentTo(new Dictionary<string, double>
            {
                ["accuracy"] = 0.5,
                ["knowledge"] = 0.5,
                ["reasoning"] = 0.5,
                ["math"] = 0.5,
                ["coding"] = 0.5,
                ["model.claude-3-5-sonnet-20240620"] = 0,
                ["model.gpt-4o-2024-05-13"] = 1,
            }));
            Assert.That(report.Metrics["source.mmlu-pro-physics"].Items, Is.EqualTo(new[] { 0.0 }));
            Assert.That(report.Samples, Has.Count.EqualTo(8));
            foreach (var sample in report.Samples)
                Assert.That(sample.Example.Chosen.LastContent, Is.EqualTo(Right(Published.Single(r => sample.Example.Id.EndsWith(r["pair_id"]!.GetValue<string>())))));
        });
        Assert.That((await Evaluate(Claude, _ => 0)).Metrics.Keys, Has.None.StartsWith("model."));
    }

    [TestCase("label", "A=B", "record 2: \"label\" is \"A=B\", but must be \"A>B\" or \"B>A\".")]
    [TestCase("response_B", null, "record 2: has no field \"response_B\"")]
    [TestCase("pair_id", null, "record 2: has no field \"pair_id\"")]
    [TestCase("pair_id", "first", "record 2: has the id \"first\" of record 1")]
    public void What_is_not_in_the_layout_is_refused_with_file_and_record(string field, string? value, string expected)
    {
        var records = File.ReadLines(Claude).Select(line => JsonNode.Parse(line)!.AsObject()).ToArray();
        records[0]["pair_id"] = "first";
        records[1].Remove(field);
        if (value is not null) records[1][field] = value;
        File.WriteAllLines(_file, records.Select(r => r.ToJsonString()));
        Assert.That(() => Evaluate(_file, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(_file).And.Message.Contains(expected));
    }

    [Test]
    public void A_folder_without_its_files_is_refused()
    {
        var folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;
        Assert.That(() => Evaluate(folder, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(folder));
        Directory.Delete(folder);
    }

    private static string Right(JsonNode record) => record[record["label"]!.GetValue<string>() == "A>B" ? "response_A" : "response_B"]!.GetValue<string>();

    private static string Model(JsonNode record) => record["response_model"]!.GetValue<string>();

    private static Task<EvaluationReport> Evaluate(string data, Func<ScoreRequest, double> reward) =>
        new JudgeBenchEvaluator(new() { Data = data }).EvaluateAsync(new(new FakeScorer(reward), [], 1), default);
}
