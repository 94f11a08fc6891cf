using System.Text.Json;
using System.Text.Json.Nodes;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.ReWordBench.Tests;

public sealed class ReWordBenchEvaluatorTests
{
    private static readonly string[] Subsets = ["alpacaeval-easy", "llmbar-natural", "xstest-should-refuse", "math-prm", "hep-cpp", "hep-python", "mine"];

    [Test]
    public async Task RewardBench_s_rows_are_transformed_by_what_applies_to_them()
    {
        using var rows = new Rows(Subsets.Select((subset, i) => Rows.Row(i, subset)));
        var scored = 0;
        var report = await Evaluate(rows.Path, request =>
        {
            scored++;
            return request.Response.LastContent.Contains("good") || request.Response.LastContent.Contains("+ ") ? 1 : 0;
        });
        Assert.Multiple(() =>
        {
            Assert.That(report.Metrics.Where(m => m.Key.EndsWith(".rows")).Select(m => m.Value.Value).Sum(), Is.EqualTo(92));
            Assert.That(scored, Is.EqualTo(2 * (7 + 92) - 1), "a text once: the bad comments of the chosen program are in two transformations");
            Assert.That(report.Metrics["add-quotes.rows"].Value, Is.EqualTo(7));
            Assert.That(report.Metrics["punct-spaces.rows"].Value, Is.EqualTo(5));
            Assert.That(report.Metrics["homoglyph-sub.rows"].Value, Is.EqualTo(4));
            Assert.That(report.Metrics["jailbreak-4.rows"].Value, Is.EqualTo(1));
            Assert.That(report.Metrics["swap-format.rows"].Value, Is.EqualTo(1));
            // The scorer reads words: lookalikes blind it, and so does what hides the plus.
            Assert.That(report.Metrics["homoglyph-sub.original"].Value, Is.EqualTo(1));
            Assert.That(report.Metrics["homoglyph-sub.drop"].Value, Is.EqualTo(1));
            Assert.That(report.Metrics["add-quotes.transformed"].Value, Is.EqualTo(6 / 7.0).Within(1e-12));
            Assert.That(report.Metrics["add-quotes.transformed"].Chance, Is.EqualTo(0.5));
            Assert.That(report.Metrics["minify-code.drop"].Value, Is.EqualTo(1));
            Assert.That(report.Metrics["append-other-code.transformed"].Value, Is.Zero);
            Assert.That(report.Metrics.Keys, Has.Member("section.safety.drop").And.Member("section.reasoning.transformed").And.Member("macro.relative-drop").And.No.Member("section..drop"));
            Assert.That(report.Samples.Select(s => s.Example.Id), Is.EqualTo(Enumerable.Range(0, 7).Select(i => $"reword-bench:{i}")));
        });
    }

    [Test]
    public async Task Rows_transformed_elsewhere_are_taken_as_they_are()
    {
        object Row(int id, string name, string prompt, string chosen = "good") => new
        {
            id,
            subset = "alpacaeval-easy",
            prompt = $"question {id}",
            chosen = "good",
            chosen_model = "m",
            rejected = "bad",
            rejected_model = "n",
            transformation_name = name,
            transformed_prompt = prompt,
            transformed_chosen = chosen,
            transformed_rejected = "bad",
            reword_id = id,
        };
        var folder = Directory.CreateTempSubdirectory("rewardkit-tests-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "a.json"), JsonSerializer.Serialize(new[] { Row(1, "add_quotes", "\"question 1\""), Row(2, "add_quotes", "question 2") }));
            File.WriteAllLines(Path.Combine(folder, "b.jsonl"), [JsonSerializer.Serialize(Row(1, "jb3", "question 1!", "gOOd")), JsonSerializer.Serialize(Row(2, "jb3", "question 2!"))]);
            var seen = new List<ScoreRequest>();
            var report = await Evaluate(folder, request =>
            {
                seen.Add(request);
                return request.Response.LastContent == "good" ? 1 : 0;
            });
            Assert.Multiple(() =>
            {
                Assert.That(seen, Has.Count.EqualTo(2 * (2 + 3)), "an original once, an unchanged row not at all");
                Assert.That(report.Metrics["add_quotes.rows"].Value, Is.EqualTo(1));
                Assert.That(report.Metrics["add_quotes.excluded"].Value, Is.EqualTo(1));
                Assert.That(report.Metrics["add_quotes.drop"].Value, Is.Zero);
                Assert.That(report.Metrics["jb3.drop"].Value, Is.EqualTo(0.5));
                Assert.That(report.Metrics["drop"].Value, Is.EqualTo(1 / 3.0).Within(1e-12));
                Assert.That(report.Metrics["section.chat.drop"].Value, Is.EqualTo(1 / 3.0).Within(1e-12));
                Assert.That(report.Metrics["macro.drop"].Value, Is.EqualTo(0.25));
            });
            File.WriteAllText(Path.Combine(folder, "c.json"), JsonSerializer.Serialize(new[] { Row(1, "jb3", "again") }));
            Assert.That(() => Evaluate(folder, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.Contains("c.json, record 1: has the id \"jb3:1\" of record 1 in"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestCase("subset", null, "record 2: has no field \"subset\"")]
    [TestCase("chosen", "", "record 2: \"chosen\" is empty.")]
    [TestCase("id", "0", "record 2: has the id \"0\" of record 1")]
    public void What_is_in_neither_layout_is_refused_with_file_and_record(string field, string? value, string expected)
    {
        var second = JsonSerializer.SerializeToNode(Rows.Row(1, "hep-cpp"))!.AsObject();
        second.Remove(field);
        if (value is not null) second[field] = value;
        using var rows = new Rows([Rows.Row(0, "hep-cpp"), second]);
        Assert.That(() => Evaluate(rows.Path, _ => 0), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(rows.Path).And.Message.Contains(expected));
    }

    [Test]
    public async Task Transformations_are_chosen_by_name()
    {
        using var rows = new Rows([Rows.Row(0, "alpacaeval-easy")]);
        var report = await Evaluate(rows.Path, _ => 0, new() { Transformations = "rot-13, add-quotes" });
        Assert.That(report.Metrics.Keys.Where(k => k.EndsWith(".rows")), Is.EqualTo(new[] { "add-quotes.rows", "rot-13.rows" }));
        Assert.That(() => Evaluate(rows.Path, _ => 0, new() { Transformations = "rot-14" }), Throws.TypeOf<RewardKitException>().With.Message.Contains("\"rot-14\"").And.Message.Contains("add-quotes, punct-spaces"));
        Assert.That(() => Evaluate(rows.Path, _ => 0, new() { Transformations = "minify-code" }), Throws.TypeOf<RewardKitException>().With.Message.Contains("None of the 1 rows is changed"));
        Assert.That(() => Evaluate(rows.Path, _ => 0, new() { Transformations = "paraphrase" }), Throws.TypeOf<RewardKitException>().With.Message.Contains("the script names none"));
        Assert.That(new ReWordBenchEvaluator(new()).Needs, Is.EqualTo(EvaluatorNeeds.None));
        Assert.That(new ReWordBenchEvaluator(new() { Transformations = "all" }).Needs, Is.EqualTo(EvaluatorNeeds.Generator));
    }

    [Test]
    public async Task A_script_s_own_pairs_are_transformed_as_what_they_are()
    {
        var pairs = new[] { Pairs.Preference(1), Pairs.Tie(2), Pairs.Preference(3) };
        Task<EvaluationReport> Of(RowKind kind, PreferenceExample[] of) => new ReWordPairsEvaluator(new() { Kind = kind }).EvaluateAsync(new(new FakeScorer(_ => 0), of, 1), default);
        Assert.That((await Of(RowKind.Prose, pairs)).Metrics["add-quotes.rows"].Value, Is.EqualTo(2));
        Assert.That((await Of(RowKind.UnsafeRequest, pairs)).Metrics.Keys, Has.Member("jailbreak-1.drop"));
        Assert.That((await Of(RowKind.Prose, pairs)).Metrics.Keys, Has.None.EqualTo("jailbreak-1.drop"));
        Assert.That(() => Of(RowKind.Prose, [Pairs.Tie(1)]), Throws.TypeOf<RewardKitException>().With.Message.Contains("1 examples and none is one"));
    }

    private static Task<EvaluationReport> Evaluate(string data, Func<ScoreRequest, double> reward, ReWordBenchOptions? options = null) =>
        new ReWordBenchEvaluator((options ?? new()) with { Data = data }).EvaluateAsync(new(new FakeScorer(reward), [], 1), default);
}
