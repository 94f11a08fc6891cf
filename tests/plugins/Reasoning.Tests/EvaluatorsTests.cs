using RewardKit.Conformance;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.Reasoning.Tests;

public class EvaluatorsTests
{
    private readonly List<TextRequest> _asked = [];

    internal static string Data(string name) => Path.Combine(TestContext.CurrentContext.TestDirectory, "data", name);

    private async Task<IReadOnlyDictionary<string, Measurement>> JudgeAsync(IEvaluator evaluator, Func<string, string> answer)
    {
        _asked.Clear();
        var writer = ScriptedGenerators.Of(request =>
        {
            _asked.Add(request);
            return new(answer(request.Prompt.LastContent), FinishReason.StopToken);
        });
        return (await evaluator.EvaluateAsync(new(new FakeScorer(_ => throw new InvalidOperationException("no reward is asked for")), [], 5, writer: writer), default)).Metrics;
    }

    [Test]
    public async Task Choices_of_the_requests_files()
    {
        var metrics = await JudgeAsync(new ArcEvaluator(new() { File = Data("arc-challenge.jsonl.gz") }), question => question.StartsWith("Which cooking", StringComparison.Ordinal) ? "Answer: D" : "no idea");
        Assert.Multiple(() =>
        {
            Assert.That(_asked, Has.Count.EqualTo(20));
            Assert.That(_asked[0].Prompt.LastContent, Is.EqualTo(
                "Which cooking tool changes the environment least?\nA. gas grill\nB. electric fry pan\nC. microwave oven\nD. solar cooker\n\n"
                + "Think about it step by step. Then finish with a line that begins with \"Answer:\" and has the letter of the right choice behind it, and nothing else."));
            Assert.That(_asked[0].Options, Is.EqualTo(new GenerationOptions { MaxTokens = 768 }), "no sampling");
            Assert.That(metrics["accuracy"].Value, Is.EqualTo(0.05));
            Assert.That(metrics["accuracy"].Items, Is.EqualTo(Enumerable.Range(0, 20).Select(i => i == 0 ? 1.0 : 0)));
            Assert.That(metrics["accuracy"].Chance, Is.EqualTo(0.25));
            Assert.That(metrics["without-answer"].Value, Is.EqualTo(0.95));
        });
    }

    [Test]
    public async Task Questions_that_hold_their_choices_show_them_once()
    {
        var metrics = await JudgeAsync(new ArcEvaluator(new() { File = Data("arc-challenge-mc.jsonl.gz"), MaxTokens = 99 }), _ => "Answer: A");
        Assert.That(_asked[0].Prompt.LastContent, Does.StartWith(
            "A toy truck rolls over a smooth surface. If the surface is covered with sand, the truck will most likely roll\n A. slower\n B. faster\n C. at the same speed\n\nThink"));
        Assert.That(_asked, Has.Count.EqualTo(8));
        Assert.That(_asked[0].Options.MaxTokens, Is.EqualTo(99));
        Assert.That(metrics["accuracy"].Chance, Is.EqualTo((4 * 1 / 3.0 + 4 * 0.25) / 8).Within(1e-12));
        Assert.That(metrics["accuracy"].Items![0], Is.EqualTo(1));
    }

    [Test]
    public async Task Choices_of_open_book_questions()
    {
        var metrics = await JudgeAsync(new OpenBookQaEvaluator(new() { File = Data("openbookqa.jsonl.gz") }), _ => "It is b");
        Assert.That(_asked[0].Prompt.LastContent, Does.StartWith("Plants need light for\nA. love\nB. glucose\nC. reading\nD. driving\n\n"));
        Assert.That((metrics["accuracy"].Items![0], metrics["without-answer"].Value), Is.EqualTo((1.0, 0.0)));
    }

    [Test]
    public async Task Numbers_of_word_problems()
    {
        var answers = File.ReadLines(Data("gsm8k.jsonl")).Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement)
            .ToDictionary(r => r.GetProperty("question").GetString()!, r => r.GetProperty("answer").GetString()!.Split("#### ")[1]);
        var metrics = await JudgeAsync(new Gsm8kEvaluator(new() { File = Data("gsm8k.jsonl") }), prompt => $"It takes 3 steps. Answer: {answers[prompt.Split("\n\nThink")[0]]}.00");
        Assert.That(metrics["accuracy"].Value, Is.EqualTo(1));
        Assert.That(_asked, Has.Count.EqualTo(30));
        Assert.That(_asked[0].Prompt.LastContent, Does.EndWith("and has the number behind it, and nothing else."));
        metrics = await JudgeAsync(new Gsm8kEvaluator(new() { File = Data("gsm8k.jsonl") }), _ => "I do not know.");
        Assert.That((metrics["accuracy"].Value, metrics["without-answer"].Value), Is.EqualTo((0.0, 1.0)));
    }

    [Test]
    public async Task Choices_as_they_are_published()
    {
        var metrics = await JudgeAsync(Over("""
            {"id": "q1", "question": {"stem": "What floats?", "choices": [{"text": "lead", "label": "1"}, {"text": "cork", "label": "2"}]}, "answerKey": "2"}
            {"id": "q2", "question": {"stem": "What sinks?", "choices": [{"text": "lead", "label": "A"}, {"text": "cork", "label": "B"}, {"text": "wax", "label": "C"}, {"text": "oil", "label": "D"}, {"text": "ice", "label": "E"}]}, "answerKey": "E"}
            """), prompt => prompt.StartsWith("What floats?\nA. lead\nB. cork\n\n", StringComparison.Ordinal) ? "Answer: B" : "Answer: E");
        Assert.That(metrics["accuracy"].Value, Is.EqualTo(1));
        Assert.That(metrics["accuracy"].Chance, Is.EqualTo((0.5 + 0.2) / 2).Within(1e-12));
    }

    [TestCase("""{"question": "Why?", "answer": "#### 4"}""", "must be an object; for questions with choices")]
    [TestCase("""{"doc": {"id": 1, "query": "Why?", "choices": ["a", "b"], "gold": 2}}""", "from 0 to 1")]
    [TestCase("""{"id": "q", "question": {"stem": "Why?", "choices": [{"text": "so", "label": "A"}]}, "answerKey": "B"}""", "the label of none of the choices")]
    [TestCase("""{"id": "q", "question": {"stem": "Why?", "choices": "so"}, "answerKey": "B"}""", "must be a list")]
    public void Files_in_another_layout_are_refused_in_words(string text, string message) =>
        Assert.That(() => JudgeAsync(Over(text), _ => ""), Throws.TypeOf<RewardKitException>().With.Message.Contains(message).And.Message.Contains("record 1"));

    [Test]
    public void A_damaged_archive_and_a_problem_without_a_number_are_refused_in_words()
    {
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():n}.jsonl.gz");
        File.WriteAllText(path, "no archive");
        Assert.That(() => JudgeAsync(new Gsm8kEvaluator(new() { File = path }), _ => ""), Throws.TypeOf<RewardKitException>().With.Message.Contains("no gzip file"));
        File.Delete(path);
        path = Written("""{"question": "How many?", "answer": "many"}""");
        Assert.That(() => JudgeAsync(new Gsm8kEvaluator(new() { File = path }), _ => ""), Throws.TypeOf<RewardKitException>().With.Message.Contains("####"));
    }

    private static ArcEvaluator Over(string text) => new(new() { File = Written(text) });

    private static string Written(string text)
    {
        var path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{Guid.NewGuid():n}.jsonl");
        File.WriteAllText(path, text);
        return path;
    }
}
