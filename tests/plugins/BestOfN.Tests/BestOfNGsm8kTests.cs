using System.Text.Json;
using System.Text.Json.Nodes;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.BestOfN.Tests;

public sealed class BestOfNGsm8kTests
{
    private static readonly string Published = Path.Combine(TestContext.CurrentContext.TestDirectory, "data", "example_model_solutions.jsonl");
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    [TearDown]
    public void TearDown() => File.Delete(_file);

    [TestCase("3 + 4 = 7\n#### 1,234", 1234)]
    [TestCase("The answer is $18.00.", 18)]
    [TestCase("so that 2 \\boxed{72} of 100", 72)]
    [TestCase("#### 5 apples, not 6", 5)]
    [TestCase("\\boxed{1} and #### $-2.50", -2.5)]
    [TestCase("#### -3", -3)]
    [TestCase("from 3-4 follows 10-7", 7)]
    [TestCase("A: .5", 0.5)]
    [TestCase("no number", null)]
    [TestCase("5 ####", null)]
    public void The_last_number_is_the_result(string solution, double? expected) => Assert.That(FinalNumber.Of(solution), Is.EqualTo((decimal?)expected));

    [Test]
    public void Chances_without_a_reward_model()
    {
        Assert.That(BestOfNScore.PassAt(8, 3, 2), Is.EqualTo(0.6428571429).Within(1e-9));
        Assert.That((BestOfNScore.PassAt(4, 0, 3), BestOfNScore.PassAt(4, 4, 1), BestOfNScore.PassAt(4, 2, 3)), Is.EqualTo((0.0, 1.0, 1.0)));
        Assert.That(BestOfNScore.Majority([(3, true), (3, true), (4, false)]), Is.EqualTo(1));
        Assert.That(BestOfNScore.Majority([(3, true), (4, false), (null, false), (null, false)]), Is.EqualTo(0.5));
        Assert.That(BestOfNScore.Majority([(null, false)]), Is.Zero);
    }

    [Test]
    public void The_published_grades_are_what_the_last_number_says()
    {
        foreach (var record in File.ReadLines(Published).Select(line => JsonNode.Parse(line)!.AsObject()))
            foreach (var (model, solution) in record.Where(field => field.Value is JsonObject))
                Assert.That(FinalNumber.Of(Text(solution!["solution"]!)) == FinalNumber.Of(Text(record["ground_truth"]!)), Is.EqualTo(solution["is_correct"]!.GetValue<bool>()), $"{model}: {record["question"]}");
    }

    [Test]
    public async Task Published_solutions_with_their_grades()
    {
        var right = File.ReadLines(Published).SelectMany(line => JsonNode.Parse(line)!.AsObject()).Where(f => f.Value is JsonObject o && o["is_correct"]!.GetValue<bool>()).Select(f => Text(f.Value!["solution"]!)).ToHashSet();
        var perfect = (await Evaluate(Published, r => right.Contains(r.Response.LastContent) ? 1 : 0)).Metrics;
        var worst = (await Evaluate(Published, r => right.Contains(r.Response.LastContent) ? 0 : 1)).Metrics;
        var blind = (await Evaluate(Published, _ => 0)).Metrics;
        Assert.Multiple(() =>
        {
            // Counted apart from this code.
            Assert.That(new[] { 1, 2, 4 }.Select(n => 40 * perfect[$"accuracy@{n}"].Value), Is.EqualTo(new double[] { 25, 35, 39 }).Within(1e-9));
            Assert.That(new[] { 1, 2, 4 }.Select(n => perfect[$"oracle@{n}"].Value), Is.EqualTo(new[] { 1, 2, 4 }.Select(n => perfect[$"accuracy@{n}"].Value)));
            Assert.That(40 * worst["accuracy@4"].Value, Is.EqualTo(19).Within(1e-9));
            Assert.That(160 * blind["accuracy@4"].Value, Is.EqualTo(126).Within(1e-9));
            Assert.That(blind["accuracy@4"].Chance, Is.EqualTo(blind["accuracy@4"].Value).Within(1e-12));
            Assert.That(blind["pass@1"].Value, Is.EqualTo(blind["accuracy@4"].Value).Within(1e-12));
            Assert.That(blind["pass@4"].Value, Is.EqualTo(perfect["oracle@4"].Value).Within(1e-12));
            Assert.That(worst["accuracy@1"].Value, Is.EqualTo(perfect["accuracy@1"].Value));
            Assert.That(perfect["accuracy@1"].Chance, Is.Null);
        });
    }

    [Test]
    public async Task A_pairwise_model_keeps_what_no_further_response_beats()
    {
        // Each number beats those below it, but 1 beats 5: the order decides.
        File.WriteAllLines(_file, [JsonSerializer.Serialize(new { question = "q", answer = "#### 1", responses = new[] { "2", "5", "3", "1" } }),
            JsonSerializer.Serialize(new { question = "r", answer = "#### 5", responses = new[] { "5", "1", "2", "4" } })]);
        var comparing = new Comparing();
        var report = await new BestOfNGsm8kEvaluator(new() { File = _file }).EvaluateAsync(new(comparing, [], 1), default);
        Assert.Multiple(() =>
        {
            Assert.That(report.Metrics["accuracy@1"].Items, Is.EqualTo(new[] { 0.0, 1 }));
            Assert.That(report.Metrics["accuracy@2"].Items, Is.EqualTo(new[] { 0.0, 0 }));
            Assert.That(report.Metrics["accuracy@4"].Items, Is.EqualTo(new[] { 1.0, 0 }));
            Assert.That(comparing.Asked, Is.EqualTo(2 * 3), "each further response once");
        });
    }

    [Test]
    public async Task A_generator_writes_what_is_missing()
    {
        File.WriteAllLines(_file, [JsonSerializer.Serialize(new { question = "two?", answer = "#### 2" }), JsonSerializer.Serialize(new { question = "three?", answer = "#### 3" })]);
        var generator = new Writer();
        var options = new BestOfNGsm8kOptions { File = _file, Samples = 3, Temperature = 0.8, MaxTokens = 7 };
        var report = await new BestOfNGsm8kEvaluator(options).EvaluateAsync(new(new FakeScorer(r => r.Response.LastContent.Length), [], 5, generator), default);
        Assert.Multiple(() =>
        {
            Assert.That(generator.Asked.Select(r => r.Options.Seed), Is.EqualTo(new[] { 5000015L, 5000016, 5000017, 5000015, 5000016, 5000017 }));
            Assert.That(generator.Asked, Has.All.Property("Options").Property("Temperature").EqualTo(0.8).And.All.Property("Options").Property("MaxTokens").EqualTo(7));
            Assert.That(generator.Asked[0].Prompt.LastContent, Does.StartWith("two?\n\n"));
            // The third answer has the result but was cut off; the second one is the longest of the first two.
            Assert.That(report.Metrics["accuracy@1"].Items, Is.EqualTo(new[] { 1.0, 0 }));
            Assert.That(report.Metrics["accuracy@2"].Items, Is.EqualTo(new[] { 0.0, 0 }));
            Assert.That(report.Metrics["oracle@3"].Items, Is.EqualTo(new[] { 1.0, 0 }));
        });
        Assert.That(new BestOfNGsm8kEvaluator(options).Needs, Is.EqualTo(EvaluatorNeeds.Generator));
        Assert.That(() => Evaluate(_file, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.Contains("record 1: has no responses"));
    }

    [TestCase("answer", "no", "record 2: \"answer\" has no number")]
    [TestCase("question", "q", "record 2: has the id \"q\" of record 1")]
    [TestCase("responses", "[\"1\"]", "record 2: has 1 responses, record 1 has 2; all must have as many.")]
    [TestCase("responses", "[]", "record 2: the field \"responses\" has 0 entries")]
    [TestCase("model", "{\"is_correct\": true}", "record 2: \"model\" has no text in \"solution\".")]
    [TestCase("model", "{\"is_correct\": 1, \"solution\": \"s\"}", "record 2: \"is_correct\" of \"model\" must be true or false.")]
    public void What_is_not_in_the_layout_is_refused_with_file_and_record(string field, string value, string expected)
    {
        var second = new JsonObject { ["question"] = "r", ["answer"] = "#### 1", ["responses"] = new JsonArray("1", "2") };
        second[field] = value[0] is '[' or '{' ? JsonNode.Parse(value) : value;
        File.WriteAllLines(_file, [JsonSerializer.Serialize(new { question = "q", answer = "#### 1", responses = new[] { "1", "2" } }), second.ToJsonString()]);
        Assert.That(() => Evaluate(_file, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(_file).And.Message.Contains(expected));
    }

    private static string Text(JsonNode node) => node.GetValue<string>();

    private static Task<EvaluationReport> Evaluate(string file, Func<ScoreRequest, double> reward) =>
        new BestOfNGsm8kEvaluator(new() { File = file }).EvaluateAsync(new(new FakeScorer(reward), [], 1), default);

    private sealed class Comparing : IPairScorer
    {
        public string Name => "comparing";

        public int Asked { get; private set; }

        public IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation = default)
        {
            Asked += requests.Count;
            return [.. requests.Select(r => (r.First.LastContent, r.Second.LastContent) switch
            {
                ("1", "5") => 1.0,
                ("5", "1") => -1,
                var (a, b) => int.Parse(a) - int.Parse(b),
            })];
        }
    }

    private sealed class Writer : ITextGenerator
    {
        public string Name => "scripted";

        public List<TextRequest> Asked { get; } = [];

        public Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default)
        {
            Asked.AddRange(requests);
            return Task.FromResult<IReadOnlyList<TextReply>>([.. requests.Select((_, i) => (i % 3) switch
            {
                0 => new TextReply("#### 2", FinishReason.StopToken),
                1 => new TextReply("#### 10", FinishReason.StopToken),
                _ => new TextReply("2 and 3", FinishReason.MaxTokens),
            })]);
        }
    }
}
