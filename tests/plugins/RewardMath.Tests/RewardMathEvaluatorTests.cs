using System.Text.Json;
using System.Text.Json.Nodes;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.RewardMath.Tests;

public sealed class RewardMathEvaluatorTests
{
    private static readonly string Sample = Path.Combine(Data.Folder, "RewardMATH_direct.json");

    [Test]
    public async Task The_published_layout_is_read_and_a_prompt_s_solutions_stand_together()
    {
        var seen = new List<ScoreRequest>();
        var report = await Evaluate(Sample, request =>
        {
            seen.Add(request);
            // Both right solutions end in the right answer; one wrong solution of the second problem is made to tie.
            return seen.Count is 1 or 11 or 15 ? 5 : seen.Count % 10 / 10.0;
        });
        Assert.Multiple(() =>
        {
            Assert.That(seen, Has.Count.EqualTo(20));
            Assert.That(seen.Select(r => r.Prompt).Distinct().Count(), Is.EqualTo(2));
            Assert.That(seen[..10].Select(r => r.Prompt).Distinct().Count(), Is.EqualTo(1));
            Assert.That(seen[0].Prompt, Is.EqualTo(Conversation.User("$441+2(21)(19)+361=x$. Solve for $x$.")));
            Assert.That(seen[0].Response.LastContent, Does.StartWith("I want to solve for x").And.EndsWith("is $\\boxed{1600}$.").And.Contain("equation $441+2(21)(19)+361=x$.\nI can"));
            Assert.That(report.Metrics["accuracy"], Is.EqualTo(report.Metrics["accuracy"] with { Value = 0.5, Chance = 0.1 }));
            Assert.That(report.Metrics["accuracy"].Items, Is.EqualTo(new[] { 1.0, 0 }));
            Assert.That(report.Metrics["mrr"].Items, Is.EqualTo(new[] { 1.0, 0.5 }));
            Assert.That(report.Metrics["accuracy.Algebra"].Value, Is.EqualTo(0.5));
            Assert.That(report.Samples.Select(s => (s.Example.Id, s.Score.Chosen)), Is.EqualTo(new[] { ("reward-math:0", 5.0), ("reward-math:399", 5.0) }));
        });
    }

    [TestCase("problem", null, "record 1: has no field \"problem\"")]
    [TestCase("problem", "Another?", "record 2: has another text in \"problem\" than record 1, whose problem_id 0 it has.")]
    [TestCase("eval_solution", "[]", "record 1: the field \"eval_solution\" has 0 entries, but must be a list of one or more texts.")]
    [TestCase("eval_solution", "[\" \"]", "record 1: entry 1 of \"eval_solution\" is empty.")]
    [TestCase("solution_type", "rejected", "record 1: problem 0 has no right solution (solution_type chosen).")]
    [TestCase("solution_type", "best", "record 1: \"solution_type\" is \"best\", but must be \"chosen\" or \"rejected\".")]
    [TestCase("id", "1", "record 2: has the id \"1\" of record 1")]
    [TestCase("problem_id", "399", "is a second right solution of problem 399, after record 1")]
    [TestCase("problem_id", "7", "record 1: problem 7 has no wrong solution (solution_type rejected).")]
    [TestCase("eval_solution_A", "x", "layout for judges of pairs")]
    public void What_is_not_in_the_layout_is_refused_with_file_and_record(string field, string? value, string expected)
    {
        var records = JsonNode.Parse(File.ReadAllText(Sample))!.AsArray();
        var first = records[0]!.AsObject();
        first.Remove(field);
        if (field == "problem_id" && value == "399") records[10]!["problem"] = first["problem"]!.GetValue<string>();
        if (value is not null) first[field] = value.StartsWith('[') || int.TryParse(value, out _) ? JsonNode.Parse(value) : value;
        if (field == "problem_id" && value == "399") for (var i = 11; i < 20; i++) records[i]!["problem"] = first["problem"]!.GetValue<string>();
        using var file = new Data(records.ToJsonString());
        Assert.That(() => Evaluate(file.Path, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(file.Path).And.Message.Contains(expected));
    }

    [Test]
    public void Problems_have_as_many_solutions_and_JSON_Lines_are_read()
    {
        var records = JsonNode.Parse(File.ReadAllText(Sample))!.AsArray();
        using var file = new Data(string.Join("\n\n", records.Take(19).Select(r => r!.ToJsonString(JsonSerializerOptions.Default))));
        Assert.That(() => Evaluate(file.Path, _ => 0), Throws.TypeOf<RewardKitException>()
            .With.Message.EqualTo($"{file.Path}: problem 399 has 9 solutions, the others have 10; all must have as many (the benchmark has 10)."));
    }

    private static Task<EvaluationReport> Evaluate(string file, Func<ScoreRequest, double> reward) =>
        new RewardMathEvaluator(new() { File = file }).EvaluateAsync(new(new FakeScorer(reward), [], 1), default);
}
