using System.Text.Json;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.BestOfN.Tests;

public sealed class BestOfNWinRateTests
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    [TearDown]
    public void TearDown() => File.Delete(_file);

    [TestCase("""[{"model": "A", "rank": 1}, {"model": "B", "rank": 2}]""", 1)]
    [TestCase("""Here: ```json [{"rank": 2, "model": "A"}, {"rank": 1, "model": "B"}]```""", -1)]
    [TestCase("""{"ranking": [{"model": "A", "rank": 1}, {"model": "B", "rank": 1.0}]}""", 0)]
    [TestCase("""[{"model": "A", "rank": 1}]""", null)]
    [TestCase("""[{"model": "A", "rank": 1}, {"model": "A", "rank": 2}, {"model": "B", "rank": 2}]""", null)]
    [TestCase("""[{"model": "A", "rank": "first"}, {"model": "B", "rank": 2}]""", null)]
    [TestCase("[1, 2]", null)]
    [TestCase("A is better", null)]
    [TestCase("[{]", null)]
    public void A_ranking_is_read_and_never_invented(string text, int? expected) => Assert.That(Ranking.Parse(text), Is.EqualTo(expected));

    [Test]
    public async Task The_pick_is_judged_against_the_first_response_in_both_orders()
    {
        // The scorer picks the longest response. The judge: for the longer one; then for whichever stands first; then unreadable.
        Write("one", "a", "aaa", "aa", "aaaa");
        Write("two", "b", "bbb", "bb", "b!");
        Write("three", "c", "ccc", "c", "c?");
        Write("four", "dddd", "d", "dd", "dddd");
        var judge = new Judge();
        var report = await Evaluate(judge);
        Assert.Multiple(() =>
        {
            Assert.That(report.Metrics["win@2"].Items, Is.EqualTo(new[] { 1.0, 0, 0, 0 }));
            Assert.That(report.Metrics["tie@2"].Items, Is.EqualTo(new[] { 0.0, 1, 1, 1 }));
            Assert.That(report.Metrics["win@4"].Value + report.Metrics["loss@4"].Value + report.Metrics["tie@4"].Value, Is.EqualTo(1).Within(1e-12));
            Assert.That(report.Metrics["loss@4"].Items, Is.EqualTo(new[] { 1.0, 0, 0, 0 }), "four letters are too long for this judge");
            Assert.That(report.Metrics["unreadable verdicts"].Value, Is.EqualTo(2));
            // Prompt one has two picks, two and three have one each, four picks the first response: two orders each.
            Assert.That(judge.Asked, Has.Count.EqualTo(8));
        });
    }

    [Test]
    public void What_is_not_in_the_layout_is_refused_with_file_and_record()
    {
        Write("one", "a", "b");
        Write("two", "a");
        Assert.That(() => Evaluate(new()), Throws.TypeOf<RewardKitException>().With.Message.EqualTo($"{_file}, record 2: has 1 responses, record 1 has 2; all must have as many."));
        File.WriteAllText(_file, """{"prompt": "p"}""");
        Assert.That(() => Evaluate(new()), Throws.TypeOf<RewardKitException>().With.Message.StartsWith($"{_file}, record 1: has no list \"responses\""));
        File.WriteAllText(_file, """{"prompt": "p", "responses": ["a"]}""");
        Assert.That(() => Evaluate(new()), Throws.TypeOf<RewardKitException>().With.Message.Contains("record 1: has one response"));
    }

    [Test]
    public async Task Responses_are_written_where_there_are_none()
    {
        File.WriteAllText(_file, """{"prompt": "one"}""");
        var report = await new BestOfNWinRateEvaluator(new() { File = _file, Samples = 3 }).EvaluateAsync(new(new FakeScorer(r => r.Response.LastContent.Length), [], 1, new Judge()), default);
        Assert.That(report.Metrics["win@3"].Value, Is.EqualTo(1));
    }

    private void Write(string prompt, params string[] responses) => File.AppendAllText(_file, JsonSerializer.Serialize(new { prompt, responses }) + "\n");

    private Task<EvaluationReport> Evaluate(Judge judge) => new BestOfNWinRateEvaluator(new() { File = _file })
        .EvaluateAsync(new(new FakeScorer(r => r.Response.LastContent.Length), [], 1, judge), default);

    private sealed class Judge : ITextGenerator
    {
        public string Name => "judge";

        public List<string> Asked { get; } = [];

        public Task<IReadOnlyList<TextReply>> GenerateAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellation = default) =>
            Task.FromResult<IReadOnlyList<TextReply>>([.. requests.Select((r, i) => new TextReply(Answer(r.Prompt.LastContent, i), FinishReason.StopToken))]);

        private string Answer(string question, int number)
        {
            if (!question.StartsWith("Two models", StringComparison.Ordinal)) return new('x', 1 + number % 3);
            Asked.Add(question);
            string Part(string from, string to) => question.Split(from + "\n")[1].Split("\n\n" + to)[0].Trim();
            var (prompt, a, b) = (Part("Instruction:", "Answer"), Part("Answer of A:", "Answer"), Part("Answer of B:", "\0"));
            static int Worth(string answer) => answer.Length > 3 ? 0 : answer.Length;
            var forA = prompt switch { "two" => true, "three" => (bool?)null, _ => Worth(a) > Worth(b) };
            return forA is { } better ? $$"""[{"model": "A", "rank": {{(better ? 1 : 2)}}}, {"model": "B", "rank": {{(better ? 2 : 1)}}}]""" : "Neither.";
        }
    }
}
