using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RewardKit.Hosting.Experiments;
using RewardKit.Training.Data;

namespace RewardKit.Hosting.Reports;

/// <summary>
/// <c>results.json</c>, an object with these, in order. A number that is not finite, or that there is not, is null.
/// <list type="bullet">
/// <item><c>experiment</c>: its name.</item>
/// <item><c>data</c>: <c>{"train", "arms": [{"arm", "pairs"}], "validation", "evaluations": [{"evaluator", "pairs"}]}</c>, with the
/// arms that have training pairs of their own; each <c>{"source", "files":
/// [{"path", "reading"}]}</c>: what it is in a line, its files, and how their records were read (null: as HH-RLHF); null
/// where there are none.</item>
/// <item><c>sweep</c>: <c>{"arm", "values": {"name": value}}</c>, what a sweep varied, of the arms that have something of it.</item>
/// <item><c>arms</c>: <c>{"name", "seed", "metrics": {"evaluator/metric": number}}</c> a run. Runs that failed stand among
/// the failures alone. Trivial baselines come after the arms, here and in the summary, with <c>"seed": null</c>.</item>
/// <item><c>summary</c>: <c>{"arm", "metric", "mean", "stdev", "low", "high", "n"}</c>. <c>stdev</c> is over seeds and null
/// for one; <c>low</c> and <c>high</c> are the 95 % interval (<see cref="Statistics"/>) over the <c>n</c> items, null (and
/// <c>n</c> 0) for a number that is no mean over items.</item>
/// <item><c>comparisons</c>: <c>{"metric", "first", "second", "difference", "low", "high", "p", "correctedP", "n",
/// "distinct"}</c>, each two arms (<see cref="Comparison"/>).</item>
/// <item><c>calibration</c>: <c>{"evaluator", "arm", "ece", "eceByChance", "brier", "logLoss", "bins": [{"confidence",
/// "accuracy", "n"}]}</c>, as the report defines them.</item>
/// <item><c>length</c>: <c>{"evaluator", "arm", "pearson", "spearman", "withinPairs", "longerPreferred", "longerChosen",
/// "excessLow", "excessHigh", "accuracyLongerChosen", "accuracyShorterChosen", "n"}</c>, likewise.</item>
/// <item><c>failures</c>: <c>{"arm", "seed", "message"}</c>.</item>
/// <item><c>environment</c>: versions and machine.</item>
/// </list>
/// </summary>
public static class ResultsJson
{
    private static readonly JsonSerializerOptions Records = new(StoreJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The file's text, UTF-8.</summary>
    /// <param name="result">The finished experiment.</param>
    public static byte[] Write(ReportContent result)
    {
        var summary = Summary.Of(result);
        using var stream = new MemoryStream();
        // The file is no part of a page: names stay readable.
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(stream, options))
        {
            json.WriteStartObject();
            json.WriteString("experiment", result.Outline.Name);
            json.WritePropertyName("data");
            result.Outline.Data.WriteTo(json);
            json.WriteStartArray("sweep");
            foreach (var arm in result.Outline.Sweep)
            {
                json.WriteStartObject();
                json.WriteString("arm", arm.Arm);
                json.WriteStartObject("values");
                foreach (var (name, value) in arm.Values)
                {
                    json.WritePropertyName(name);
                    value.WriteTo(json);
                }
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
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
            foreach (var row in summary.Rows)
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
            Comparisons(json, summary);
            var samples = ArmSamples.Of(result);
            Calibrations(json, samples);
            Lengths(json, samples);
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

    /// <summary>The object <c>data</c>.</summary>
    /// <param name="spec">The experiment.</param>
    internal static JsonElement Data(ExperimentSpec spec)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            Pairs(json, "train", spec.Train.Files.Any() ? spec.Train : null);
            json.WriteStartArray("arms");
            foreach (var arm in spec.Arms.Where(a => a.Train is not null))
            {
                json.WriteStartObject();
                json.WriteString("arm", arm.Name);
                Pairs(json, "pairs", arm.Train);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            Pairs(json, "validation", spec.Validation);
            json.WriteStartArray("evaluations");
            foreach (var evaluation in spec.Evaluations)
            {
                json.WriteStartObject();
                json.WriteString("evaluator", evaluation.Evaluator.Id);
                Pairs(json, "pairs", evaluation.Pairs);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        using var document = JsonDocument.Parse(stream.ToArray());
        return document.RootElement.Clone();
    }

    private static void Comparisons(Utf8JsonWriter json, Summary summary)
    {
        json.WriteStartArray("comparisons");
        foreach (var c in summary.Comparisons)
        {
            json.WriteStartObject();
            json.WriteString("metric", c.Metric);
            json.WriteString("first", c.First);
            json.WriteString("second", c.Second);
            Number(json, "difference", c.Difference);
            Number(json, "low", c.Interval.Low);
            Number(json, "high", c.Interval.High);
            Number(json, "p", c.P);
            Number(json, "correctedP", c.CorrectedP);
            json.WriteNumber("n", c.Items);
            json.WriteBoolean("distinct", c.Distinct);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Calibrations(Utf8JsonWriter json, IReadOnlyList<ArmSamples> samples)
    {
        json.WriteStartArray("calibration");
        foreach (var arm in samples)
        {
            var calibration = CalibrationSection.Of(arm);
            json.WriteStartObject();
            json.WriteString("evaluator", arm.Evaluator);
            json.WriteString("arm", arm.Arm);
            Number(json, "ece", calibration.Error);
            Number(json, "eceByChance", calibration.ErrorByChance);
            Number(json, "brier", calibration.Brier);
            Number(json, "logLoss", calibration.LogLoss);
            json.WriteStartArray("bins");
            foreach (var bin in calibration.Bins)
            {
                json.WriteStartObject();
                Number(json, "confidence", bin.Confidence);
                Number(json, "accuracy", bin.Accuracy);
                json.WriteNumber("n", bin.Count);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Lengths(Utf8JsonWriter json, IReadOnlyList<ArmSamples> samples)
    {
        json.WriteStartArray("length");
        foreach (var (arm, bias) in samples.GroupBy(s => s.Evaluator).SelectMany(e => e.Zip(LengthBias.Of([.. e]))))
        {
            json.WriteStartObject();
            json.WriteString("evaluator", arm.Evaluator);
            json.WriteString("arm", arm.Arm);
            Number(json, "pearson", bias.Pearson);
            Number(json, "spearman", bias.Spearman);
            Number(json, "withinPairs", bias.WithinPairs);
            Number(json, "longerPreferred", bias.LongerPreferred);
            Number(json, "longerChosen", bias.LongerChosen);
            Number(json, "excessLow", bias.Excess?.Low);
            Number(json, "excessHigh", bias.Excess?.High);
            Number(json, "accuracyLongerChosen", bias.AccuracyLongerChosen);
            Number(json, "accuracyShorterChosen", bias.AccuracyShorterChosen);
            json.WriteNumber("n", bias.Pairs);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Pairs(Utf8JsonWriter json, string name, PairData? data)
    {
        if (data is null)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WriteString("source", data.Describe(file => file.Path));
        json.WriteStartArray("files");
        foreach (var file in data.Files)
        {
            json.WriteStartObject();
            json.WriteString("path", file.Path);
            json.WritePropertyName("reading");
            JsonSerializer.Serialize(json, file.Reading, Records);
            if (file.KeepsFaulty) json.WriteBoolean("keepsFaulty", true);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
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
