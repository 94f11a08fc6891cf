using System.Text.Json;
using RewardKit.Hosting.Reports;

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

        Assert.That(Names(root), Is.EqualTo(new[] { "experiment", "arms", "summary", "failures", "environment" }));
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
    public void What_is_no_number_is_null()
    {
        var run = Results.Run("a", 1, [1, 0]) with { Measurements = new Dictionary<string, Measurement> { ["e/margin"] = new(double.NaN) } };
        using var file = JsonDocument.Parse(ResultsJson.Write(Results.Of(("a", 1, [1, 0])) with { Runs = [run] }));
        Assert.That(file.RootElement.GetProperty("arms")[0].GetProperty("metrics").GetProperty("e/margin").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(file.RootElement.GetProperty("summary")[0].GetProperty("n").GetInt32(), Is.Zero);
    }

    private static IEnumerable<string> Names(JsonElement element) => element.EnumerateObject().Select(p => p.Name);
}
