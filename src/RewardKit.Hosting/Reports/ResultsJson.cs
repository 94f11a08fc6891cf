using System.Text.Encodings.Web;
using System.Text.Json;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// <c>results.json</c>: <c>{"experiment", "arms": [{"name", "seed", "metrics": {"evaluator/metric": number}}],
/// "summary": [{"arm", "metric", "mean", "stdev", "low", "high", "n"}], "failures": [{"arm", "seed", "message"}],
/// "environment": {…}}</c>. Runs that failed stand among the failures alone. Trivial baselines stand after the arms in both lists, with <c>"seed": null</c>. <c>stdev</c> is over seeds and null for one; <c>low</c> and
/// <c>high</c> are the 95 % interval over the <c>n</c> items, null (and <c>n</c> 0) for a number that is no mean over
/// items. A number that is not finite is null.
/// </summary>
public static class ResultsJson
{
    /// <summary>The file's text, UTF-8.</summary>
    /// <param name="result">The finished experiment.</param>
    public static byte[] Write(ExperimentResult result)
    {
        using var stream = new MemoryStream();
        // The file is no part of a page: names stay readable.
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(stream, options))
        {
            json.WriteStartObject();
            json.WriteString("experiment", result.Spec.Name);
            json.WriteStartArray("arms");
            foreach (var run in result.Runs.Concat(result.Trivial))
            {
                json.WriteStartObject();
                json.WriteString("name", run.Arm);
                Seed(json, run.Seed);
                json.WriteStartObject("metrics");
                foreach (var (metric, measurement) in run.Measurements) Number(json, metric, measurement.Value);
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("summary");
            foreach (var row in Summary.Of(result).Rows)
            {
                json.WriteStartObject();
                json.WriteString("arm", row.Arm);
                json.WriteString("metric", row.Metric);
                Number(json, "mean", row.Mean);
                Number(json, "stdev", row.Deviation);
                Number(json, "low", row.Interval?.Low);
                Number(json, "high", row.Interval?.High);
                json.WriteNumber("n", row.Items ?? 0);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("failures");
            foreach (var failure in result.Failures)
            {
                json.WriteStartObject();
                json.WriteString("arm", failure.Arm);
                Seed(json, failure.Seed);
                json.WriteString("message", failure.Message);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartObject("environment");
            foreach (var (name, value) in result.Environment) json.WriteString(name, value);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static void Seed(Utf8JsonWriter json, int? seed)
    {
        if (seed is { } number) json.WriteNumber("seed", number);
        else json.WriteNull("seed");
    }

    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number && double.IsFinite(number)) json.WriteNumber(name, number);
        else json.WriteNull(name);
    }
}
