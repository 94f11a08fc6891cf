using System.Text.Json;
using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Reports;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Tests.Reports;

public class ResultsJsonTests
{
    [Test]
    public void The_file_has_the_documented_form()
    {
        var result = Results.Of(("a", 1, [1, 1, 1, 0]), ("a", 2, [1, 1, 0, 0])) with
        {
            Trivial = [Results.Run("longer wins", null, [0, 1, 0, 1])],
            Failures = [new("b", 1, "It broke.", "It broke.\n   at X")],
        };
        using var file = JsonDocument.Parse(ResultsJson.Write(result));
        var root = file.RootElement;

        Assert.That(Names(root), Is.EqualTo(new[]
        {
            "experiment", "data", "sweep", "arms", "summary", "comparisons", "calibration", "length", "failures", "environment",
        }));
        Assert.That(root.GetProperty("experiment").GetString(), Is.EqualTo("test"));
        Assert.That(root.GetProperty("arms").EnumerateArray().Select(a => a.GetRawText().Replace("\n", "").Replace(" ", "")), Is.EqualTo(new[]
        {
            """{"name":"a","seed":1,"metrics":{"pair-accuracy/accuracy":0.75}}""",
            """{"name":"a","seed":2,"metrics":{"pair-accuracy/accuracy":0.5}}""",
            """{"name":"longerwins","seed":null,"metrics":{"pair-accuracy/accuracy":0.5}}""",
        }));
        Assert.That(root.GetProperty("failures")[0].GetRawText().Replace("\n", "").Replace("  ", ""), Is.EqualTo(
            """{"arm": "b","seed": 1,"message": "It broke."}"""));
        var summary = root.GetProperty("summary").EnumerateArray().ToArray();
        Assert.That(summary, Has.Length.EqualTo(2));
        Assert.That(Names(summary[0]), Is.EqualTo(new[] { "arm", "metric", "mean", "stdev", "low", "high", "n" }));
        Assert.That(summary[0].GetProperty("mean").GetDouble(), Is.EqualTo(0.625));
        Assert.That(summary[0].GetProperty("n").GetInt32(), Is.EqualTo(4));
        Assert.That(summary[1].GetProperty("stdev").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(root.GetProperty("environment").GetProperty("rewardkit").GetString(), Is.EqualTo("0.1.0"));
    }

    [Test]
    public void The_file_says_what_the_report_says()
    {
        double[] good = [.. Enumerable.Range(0, 50).Select(i => i < 40 ? 1.0 : 0)];
        double[] poor = [.. Enumerable.Range(0, 50).Select(i => i < 20 ? 1.0 : 0)];
        var plain = Results.Of(("a", 1, good), ("b", 1, poor));
        var pairs = new PairPart(new PairFile("test.jsonl") { Reading = new() { Columns = new() { Prompt = "question" } } }, 0.9, 7, First: false);
        var result = plain with { Spec = plain.Spec with { Evaluations = [plain.Spec.Evaluations[0] with { Pairs = pairs }] } };
        using var file = JsonDocument.Parse(ResultsJson.Write(result));
        var root = file.RootElement;

        var data = root.GetProperty("data");
        Assert.That(data.GetProperty("train").GetProperty("source").GetString(), Is.EqualTo("train.jsonl"));
        Assert.That(data.GetProperty("validation").ValueKind, Is.EqualTo(JsonValueKind.Null));
        var held = data.GetProperty("evaluations")[0].GetProperty("pairs");
        Assert.That(held.GetProperty("source").GetString(), Is.EqualTo("test.jsonl (test part by prompt, fraction 0.9, seed 7)"));
        var place = held.GetProperty("files")[0];
        Assert.That((place.GetProperty("path").GetString(), place.GetProperty("reading").GetProperty("columns").GetProperty("prompt").GetString()),
            Is.EqualTo(("test.jsonl", "question")));

        var (comparison, expected) = (root.GetProperty("comparisons")[0], Summary.Of(result).Comparisons.Single());
        Assert.That(comparison.GetProperty("difference").GetDouble(), Is.EqualTo(0.4).Within(1e-12));
        Assert.That(new[] { "low", "high", "p", "correctedP" }.Select(n => comparison.GetProperty(n).GetDouble()),
            Is.EqualTo(new[] { expected.Interval.Low, expected.Interval.High, expected.P, expected.CorrectedP }));
        Assert.That(comparison.GetProperty("distinct").GetBoolean(), Is.True);

        var calibration = root.GetProperty("calibration")[1];
        Assert.That((calibration.GetProperty("arm").GetString(), calibration.GetProperty("bins").EnumerateArray().Sum(b => b.GetProperty("n").GetInt32())),
            Is.EqualTo(("b", 50)));
        // "because" and "so": the chosen response is always the longer one, and is scored higher where v − 0.5 > 0.01 i.
        var length = root.GetProperty("length")[0];
        Assert.That(length.GetProperty("longerChosen").GetDouble(), Is.EqualTo(1));
        Assert.That(length.GetProperty("longerPreferred").GetDouble(), Is.EqualTo(0.8));
        Assert.That(length.GetProperty("withinPairs").ValueKind, Is.EqualTo(JsonValueKind.Null), "lengths always differ by the same");
    }

    [Test]
    public void What_is_no_number_is_null()
    {
        var run = Results.Run("a", 1, [1, 0]) with { Measurements = new Dictionary<string, Measurement> { ["e/margin"] = new(double.NaN) } };
        using var file = JsonDocument.Parse(ResultsJson.Write(Results.Of(("a", 1, [1, 0])) with { Runs = [run] }));
        Assert.That(file.RootElement.GetProperty("arms")[0].GetProperty("metrics").GetProperty("e/margin").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(file.RootElement.GetProperty("summary")[0].GetProperty("n").GetInt32(), Is.Zero);
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(p => p.Name);
}
