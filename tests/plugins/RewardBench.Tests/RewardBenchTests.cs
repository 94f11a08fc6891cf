using System.Text.Json;
using System.Text.Json.Nodes;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.RewardBench.Tests;

public sealed class RewardBenchTests
{
    // Rows and right ones of one model in each subset, as published.
    private static readonly (string Subset, int Rows, int Right)[] Published =
    [
        ("alpacaeval-easy", 100, 50), ("alpacaeval-length", 95, 56), ("alpacaeval-hard", 95, 67), ("mt-bench-easy", 28, 16), ("mt-bench-med", 40, 29),
        ("mt-bench-hard", 37, 20), ("llmbar-natural", 100, 52), ("llmbar-adver-neighbor", 134, 58), ("llmbar-adver-GPTInst", 92, 36),
        ("llmbar-adver-GPTOut", 47, 22), ("llmbar-adver-manual", 46, 17), ("refusals-dangerous", 100, 97), ("refusals-offensive", 100, 100),
        ("xstest-should-refuse", 154, 154), ("xstest-should-respond", 250, 71), ("donotanswer", 136, 112), ("math-prm", 447, 132),
        ("hep-cpp", 164, 103), ("hep-go", 164, 104), ("hep-java", 164, 116), ("hep-js", 164, 109), ("hep-python", 164, 90), ("hep-rust", 164, 106),
    ];

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    [TearDown]
    public void TearDown() => File.Delete(_file);

    [Test]
    public void The_weights_are_the_published_counts_but_for_mathematics() => Assert.Multiple(() =>
    {
        Assert.That(RewardBenchSections.All.Select(s => s.Weights.Values.Sum()), Is.EqualTo(new[] { 358, 456, 740, 1968 }));
        Assert.That(Published.Sum(p => p.Rows), Is.EqualTo(2985));
        foreach (var (subset, rows, _) in Published.Where(p => p.Subset != "math-prm"))
            Assert.That(RewardBenchSections.All.Single(s => s.Weights.ContainsKey(subset)).Weights[subset], Is.EqualTo(rows), subset);
    });

    [Test]
    public async Task A_published_model_gets_its_published_scores()
    {
        Write(Published.SelectMany(p => Enumerable.Range(0, p.Rows).Select(i => Record($"{p.Subset} {i}", p.Subset, right: i < p.Right))));
        var report = await Evaluate(Right);
        Assert.Multiple(() =>
        {
            Assert.That(report.Metrics["chat"].Value, Is.EqualTo(0.6089385475).Within(1e-9));
            Assert.That(report.Metrics["chat-hard"].Value, Is.EqualTo(0.4495614035).Within(1e-9));
            Assert.That(report.Metrics["safety"].Value, Is.EqualTo(0.7216216216).Within(1e-9));
            Assert.That(report.Metrics["reasoning"].Value, Is.EqualTo(0.4667566978).Within(1e-9));
            Assert.That(report.Metrics["score"].Value, Is.EqualTo(0.5617195676).Within(1e-9));
            Assert.That(report.Metrics["subset.math-prm"].Value, Is.EqualTo(132 / 447.0).Within(1e-12));
            Assert.That(report.Metrics, Has.Count.EqualTo(28));
            Assert.That(report.Samples, Has.Count.EqualTo(2985));
            foreach (var (name, measured) in report.Metrics) Assert.That(measured.Items!.Average(), Is.EqualTo(measured.Value).Within(1e-12), name);
        });
    }

    [Test]
    public async Task The_worked_sections()
    {
        const int rows = 20;
        (string Subset, double Accuracy)[] worked =
        [
            ("alpacaeval-easy", 1), ("alpacaeval-length", 0.9), ("alpacaeval-hard", 0.95), ("mt-bench-easy", 1), ("mt-bench-med", 0.8), ("math-prm", 0.6),
            ("hep-cpp", 0.9), ("hep-go", 0.8), ("hep-java", 0.85), ("hep-js", 0.95), ("hep-python", 0.9), ("hep-rust", 0.7),
        ];
        Write(worked.SelectMany(w => Enumerable.Range(0, rows).Select(i => Record($"{w.Subset} {i}", w.Subset, right: i < Math.Round(rows * w.Accuracy)))));
        var report = await Evaluate(Right);
        Assert.That(report.Metrics["chat"].Value, Is.EqualTo(0.937849162).Within(1e-9));
        Assert.That(report.Metrics["reasoning"].Value, Is.EqualTo(0.725).Within(1e-9));
    }

    [Test]
    public async Task Means_over_less_than_is_published_are_named_so()
    {
        Write([Record("1", "hep-cpp", true), Record("2", "hep-go", false), Record("3", "mine", true), Record("4", "donotanswer", true)]);
        var report = await Evaluate(Right);
        Assert.That(report.Metrics.ToDictionary(m => m.Key, m => m.Value.Value), Is.EquivalentTo(new Dictionary<string, double>
        {
            ["score (safety, reasoning)"] = 0.75,
            ["safety (1 of 5 subsets)"] = 1,
            ["reasoning (2 of 7 subsets)"] = 0.5,
            ["subset.donotanswer"] = 1,
            ["subset.hep-cpp"] = 1,
            ["subset.hep-go"] = 0,
            ["subset.mine"] = 1,
        }));
    }

    [Test]
    public async Task A_tie_counts_nothing_and_neither_shift_nor_stretch_of_the_rewards_changes_anything()
    {
        Write([Record("1", "hep-cpp", true), Record("2", "math-prm", true), Record("3", "math-prm", false)]);
        Assert.That((await Evaluate(_ => 1)).Metrics.Values.Select(m => m.Value), Is.All.Zero);
        var plain = await Evaluate(Right);
        var other = await Evaluate(r => 3 * Right(r) + r.Prompt.LastContent[^1]);
        Assert.That(other.Metrics.Values.Select(m => m.Items), Is.EqualTo(plain.Metrics.Values.Select(m => m.Items)));
        Assert.That((await Evaluate(r => -Right(r))).Metrics["subset.math-prm"].Value, Is.EqualTo(0.5));
    }

    [Test]
    public async Task Prior_sets_count_half_a_section_on_the_leaderboard()
    {
        Write(Published.SelectMany(p => Enumerable.Range(0, p.Rows).Select(i => Record($"{p.Subset} {i}", p.Subset, right: i < p.Right))));
        var folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;
        try
        {
            // Three of five right in each, in sets of different size, and one that does not count.
            foreach (var (set, times) in new[] { ("anthropic_helpful", 1), ("anthropic_hhh", 2), ("shp", 3) })
                File.WriteAllLines(Path.Combine(folder, $"{set}.jsonl"), Enumerable.Range(0, 5 * times).Select(i => Prior(i, i % 5 < 3)));
            File.WriteAllLines(Path.Combine(folder, "pku_safer.jsonl"), [Prior(0, false)]);
            var report = await Evaluate(Right, folder);
            Assert.That(report.Metrics["prior (anthropic_helpful, anthropic_hhh, shp)"].Value, Is.EqualTo(0.6).Within(1e-12));
            Assert.That(report.Metrics.Keys, Has.None.EqualTo("leaderboard"));

            File.WriteAllText(Path.Combine(folder, "summarize.json"), $"[{string.Join(",", Enumerable.Range(0, 5).Select(i => Prior(i, i < 3)))}]");
            report = await Evaluate(Right, folder);
            Assert.Multiple(() =>
            {
                Assert.That(report.Metrics["prior"].Value, Is.EqualTo(0.6).Within(1e-12));
                Assert.That(report.Metrics["leaderboard"].Value, Is.EqualTo(0.5659729490).Within(1e-9));
                Assert.That(report.Metrics["score"].Value, Is.EqualTo(0.5617195676).Within(1e-9));
                Assert.That(report.Metrics["prior.pku_safer"].Value, Is.Zero);
                Assert.That(report.Samples[^1].Example.Prompt.Messages.Select(m => m.Role), Is.EqualTo(new[] { "user", "assistant", "user" }));
                foreach (var (name, measured) in report.Metrics) Assert.That(measured.Items!.Average(), Is.EqualTo(measured.Value).Within(1e-12), name);
            });

            File.WriteAllText(Path.Combine(folder, "shp.jsonl"), """{"prompt": [{"role": "user"}], "chosen": "a", "rejected": "b"}""");
            Assert.That(() => Evaluate(Right, folder), Throws.TypeOf<RewardKitException>().With.Message.Contains("shp.jsonl, record 1: turn 1 of \"prompt\" has not the texts role and content."));
            foreach (var file in Directory.GetFiles(folder)) File.Delete(file);
            Assert.That(() => Evaluate(Right, folder), Throws.TypeOf<RewardKitException>().With.Message.Contains("has no file SET.json"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static string Prior(int i, bool right) => JsonSerializer.Serialize(new
        {
            prompt = new[] { new { role = "user", content = "Hello" }, new { role = "assistant", content = "Hi" }, new { role = "user", content = $"question {i}" } },
            chosen = right ? "good" : "bad",
            rejected = right ? "bad" : "good",
        });
    }

    [TestCase("chosen", null, "record 2: has no field \"chosen\"; it has id, subset, prompt, rejected.")]
    [TestCase("chosen", " ", "record 2: \"chosen\" is empty.")]
    [TestCase("id", "1", "record 2: has the id \"1\" of record 1")]
    public void What_is_not_in_the_layout_is_refused_with_file_and_record(string field, string? value, string expected)
    {
        var second = JsonNode.Parse(Record("2", "hep-cpp", true))!.AsObject();
        second.Remove(field);
        if (value is not null) second[field] = value;
        Write([Record("1", "hep-cpp", true), second.ToJsonString()]);
        Assert.That(() => Evaluate(Right), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(_file).And.Message.Contains(expected));
    }

    internal static string Record(string id, string subset, bool right) => JsonSerializer.Serialize(new
    {
        id,
        subset,
        prompt = $"question {id}",
        chosen = $"{(right ? "good" : "bad")} {id}",
        rejected = $"{(right ? "bad" : "good")} {id}",
    });

    private static double Right(ScoreRequest request) => request.Response.LastContent.StartsWith("good") ? 1 : 0;

    private void Write(IEnumerable<string> records) => File.WriteAllLines(_file, records);

    private Task<EvaluationReport> Evaluate(Func<ScoreRequest, double> reward, string? priorSets = null) =>
        new RewardBenchEvaluator(new() { File = _file, PriorSets = priorSets }).EvaluateAsync(new(new FakeScorer(reward), [], 1), default);
}
