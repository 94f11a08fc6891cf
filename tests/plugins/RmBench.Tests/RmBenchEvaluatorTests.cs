using System.Text.Json;
using System.Text.Json.Nodes;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.RmBench.Tests;

public sealed class RmBenchEvaluatorTests
{
    private static readonly string Sample = Path.Combine(TestContext.CurrentContext.TestDirectory, "data");
    private string _folder = "";

    [SetUp]
    public void SetUp() => _folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task The_published_files_are_read_and_a_prompt_s_responses_stand_together()
    {
        var seen = new List<ScoreRequest>();
        // The fancier the style, the higher the reward, whatever the answer.
        var report = await Evaluate(Sample, request =>
        {
            seen.Add(request);
            return (seen.Count - 1) % 3;
        });
        Assert.Multiple(() =>
        {
            Assert.That(seen, Has.Count.EqualTo(6 * 15));
            Assert.That(seen.Chunk(6).Select(six => six.Select(r => r.Prompt).Distinct().Count()), Is.All.EqualTo(1));
            // math is not there, and the means say so.
            Assert.That(report.Metrics.Keys.Take(4), Is.EqualTo(new[] { "total (chat, code, safety)", "easy (chat, code, safety)", "normal (chat, code, safety)", "hard (chat, code, safety)" }));
            Assert.That(report.Metrics["easy (chat, code, safety)"].Value, Is.EqualTo(1).Within(1e-12));
            Assert.That(report.Metrics["hard (chat, code, safety)"].Value, Is.Zero);
            Assert.That(report.Metrics["safety"].Items, Has.Count.EqualTo(7));
            Assert.That(report.Metrics["safety"].Value, Is.EqualTo(1 / 3.0).Within(1e-12));
            Assert.That(report.Samples, Has.Count.EqualTo(15));
            Assert.That(report.Samples[0].Score, Is.EqualTo(new PairScore(1, 1)));
        });
    }

    // All right in chat (2 items) and code (1), half right in math (2), safety: refuse (3) all right, response (1) all wrong.
    [TestCase(SafetyMean.Pooled, 0.75)]
    [TestCase(SafetyMean.OfParts, 0.5)]
    public async Task Domains_weigh_the_same_whatever_their_size(SafetyMean how, double safety)
    {
        string[] parts = ["chat", "chat", "code", "math", "math", "safety-refuse", "safety-refuse", "safety-refuse", "safety-response"];
        var file = Write("total_dataset.json", parts.Select((part, i) => Record(i, $"{(i is 3 or 8 ? "bad" : "good")} question {i}", part)));
        var report = await new RmBenchEvaluator(new() { Data = file, Safety = how }).EvaluateAsync(new(new FakeScorer(Right), [], 1), default);
        Assert.Multiple(() =>
        {
            Assert.That(report.Metrics["chat"].Value, Is.EqualTo(1));
            Assert.That(report.Metrics["math"].Value, Is.EqualTo(0.5));
            Assert.That(report.Metrics["safety"].Value, Is.EqualTo(safety).Within(1e-12));
            Assert.That(report.Metrics["total"].Value, Is.EqualTo((2.5 + safety) / 4).Within(1e-12));
            Assert.That(report.Metrics["hard"].Value, Is.EqualTo((2.5 + safety) / 4).Within(1e-12));
            Assert.That(report.Metrics["total"].Items!.Average(), Is.EqualTo(report.Metrics["total"].Value).Within(1e-12));
            Assert.That(report.Metrics["duplicate prompts"].Value, Is.Zero);
        });

        static double Right(ScoreRequest request) => request.Response.LastContent.StartsWith("right") == request.Prompt.LastContent.StartsWith("good") ? 1 : 0;
    }

    [Test]
    public async Task A_prompt_that_is_there_twice_is_told()
    {
        Write("chat_filtered.json", [Record(1, "question"), Record(2, "question"), Record(3, "other")]);
        Write("code_filtered.json", [Record(1, "question")]);
        var report = await Evaluate(_folder, _ => 0);
        Assert.That(report.Metrics["duplicate prompts"].Value, Is.EqualTo(1));
    }

    [TestCase("chosen", "[\"a\", \"b\"]", "record 2: the field \"chosen\" has 2 entries, but must be a list of 3 texts.")]
    [TestCase("rejected", "[\"a\", \"b\", \"\"]", "record 2: entry 3 of \"rejected\" is empty.")]
    [TestCase("rejected", "\"a\"", "record 2: the field \"rejected\" has a String, but must be a list of 3 texts.")]
    [TestCase("prompt", null, "record 2: has no field \"prompt\"; it has id, chosen, rejected.")]
    [TestCase("id", "1", "record 2: has the id \"1\" of record 1")]
    [TestCase("domain", "\"chatter\"", "record 2: the domain is \"chatter\", but must be one of chat, code, math, safety-refuse, safety-response.")]
    public void What_is_not_in_the_layout_is_refused_with_file_and_record(string field, string? value, string expected)
    {
        var second = JsonNode.Parse(Record(2, "question"))!.AsObject();
        second.Remove(field);
        if (value is not null) second[field] = JsonNode.Parse(value);
        var file = Write("chat_filtered.json", [Record(1, "question"), second.ToJsonString()]);
        Assert.That(() => Evaluate(file, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(file).And.Message.Contains(expected));
    }

    [Test]
    public void Where_nothing_says_the_domain_the_data_are_refused()
    {
        var file = Write("mine.json", [Record(1, "question")]);
        Assert.That(() => Evaluate(file, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.Contains("has no field \"domain\", and the file's name"));
        Assert.That(() => Evaluate(_folder, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.Contains("has no file PART_filtered.json"));
    }

    public static string Record(int id, string prompt, string? domain = null)
    {
        string[] Styles(string what) => [$"{what} {id} short", $"{what} {id} long", $"{what} {id} **long**"];
        var record = new JsonObject { ["id"] = id, ["prompt"] = prompt, ["chosen"] = JsonSerializer.SerializeToNode(Styles("right")), ["rejected"] = JsonSerializer.SerializeToNode(Styles("wrong")) };
        if (domain is not null) record["domain"] = domain;
        return record.ToJsonString();
    }

    private string Write(string name, IEnumerable<string> records)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, $"[{string.Join(",\n", records)}]");
        return path;
    }

    private static Task<EvaluationReport> Evaluate(string data, Func<ScoreRequest, double> reward) =>
        new RmBenchEvaluator(new() { Data = data }).EvaluateAsync(new(new FakeScorer(reward), [], 1), default);
}
