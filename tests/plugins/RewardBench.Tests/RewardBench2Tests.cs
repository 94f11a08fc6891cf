using System.Text.Json;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.RewardBench.Tests;

public sealed class RewardBench2Tests
{
    // Worked by hand: accurate 2/3 and 1, margins 2/3 and 1/3, tanh terms 0.9866142982, -0.7357623129, -1.
    private static readonly TiesItem[] Worked =
    [
        new("0", false, [3], [0.5, 0.1]), new("0", true, [2, 1.6, 1.8], [0.2, -0.4]), new("1", false, [1], [0.9]), new("1", true, [2.5, 0.8], [0.3, 0.1]),
        new("2", false, [0.2], [0.6]), new("2", true, [1, 1], [0.4]),
    ];

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"rewardkit-{Guid.NewGuid():n}.jsonl");

    [TearDown]
    public void TearDown() => File.Delete(_file);

    [Test]
    public void The_right_response_shares_the_greatest_reward() => Assert.That(
        new double[][] { [2, 1, 0.5, -1], [1, 1, 0.2, 0.1], [1, 1, 1, 1], [0.9, 1, 0.2, 0.1] }.Select(RewardBench2Score.BestOf),
        Is.EqualTo(new[] { 1, 0.5, 0.25, 0 }));

    [Test]
    public void Ties_by_hand() => Assert.That(RewardBench2Score.Ties(Worked), Is.EqualTo(0.6975028400).Within(1e-9));

    [Test]
    public void Ties_know_neither_shift_nor_scale_of_a_prompt_s_rewards() => Assert.That(
        RewardBench2Score.Ties([.. Worked.Select(i => i with { Right = [.. i.Right.Select(r => Moved(i, r))], Wrong = [.. i.Wrong.Select(r => Moved(i, r))] })]),
        Is.EqualTo(0.6975028400).Within(1e-9));

    [Test]
    public async Task The_published_layout_is_read()
    {
        Write(Row("1", "Math", 1, 3), Row("2", "Math", 1, 3, "bad"), Row("1", "Focus", 1, 3), Row("ref:0", "Ties", 1, 3), Row("tied:0", "Ties", 2, 3));
        var report = await Evaluate();
        Assert.Multiple(() =>
        {
            Assert.That(report.Metrics["subset.Math"].Items, Is.EqualTo(new[] { 1.0, 0 }));
            Assert.That(report.Metrics["subset.Focus"].Chance, Is.EqualTo(0.25));
            // The right ones are told apart by nothing: a spread of 0.
            Assert.That(report.Metrics["subset.Ties"].Value, Is.EqualTo(1.01).Within(1e-12));
            Assert.That(report.Metrics["score (Math, Focus, Ties)"].Value, Is.EqualTo((0.5 + 1 + 1.01) / 3).Within(1e-12));
            Assert.That(report.Samples, Has.Count.EqualTo(5));
        });
    }

    [TestCase("1", "Math", 2, 3, "record 2: the field \"chosen\" has 2 entries, but must be a list of 1 texts.")]
    [TestCase("1", "Math", 1, 2, "record 2: the field \"rejected\" has 2 entries, but must be a list of 3 texts.")]
    [TestCase("0", "Math", 1, 3, "record 2: has the id \"0\" of record 1")]
    [TestCase("tie:0", "Ties", 1, 3, "record 2: the id \"tie:0\" of the Ties subset must be ref:NUMBER or tied:NUMBER.")]
    [TestCase("ref:0", "Ties", 1, 3, "record 2: no number of the Ties subset has both")]
    public void What_is_not_in_the_layout_is_refused_with_file_and_record(string id, string subset, int right, int wrong, string expected)
    {
        Write(Row("0", "Math", 1, 3), Row(id, subset, right, wrong));
        Assert.That(() => Evaluate(), Throws.TypeOf<RewardKitException>().With.Message.StartsWith(_file).And.Message.Contains(expected));
    }

    private static double Moved(TiesItem item, double reward) => 0.5 * (int.Parse(item.Number) + 1) * reward - 4;

    private static string Row(string id, string subset, int right, int wrong, string chosen = "good") => JsonSerializer.Serialize(new
    {
        id,
        subset,
        prompt = $"question {id}",
        chosen = Enumerable.Range(0, right).Select(i => $"{chosen} {i}"),
        rejected = Enumerable.Range(0, wrong).Select(i => $"{(chosen == "good" ? "bad" : "good")} {i}"),
    });

    private void Write(params string[] rows) => File.WriteAllLines(_file, rows);

    private Task<EvaluationReport> Evaluate() => new RewardBench2Evaluator(new() { File = _file })
        .EvaluateAsync(new(new FakeScorer(r => r.Response.LastContent.StartsWith("good") ? 1 : 0), [], 1), default);
}
