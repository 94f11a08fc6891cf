using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.RmBench;

/// <summary>An item: a prompt with three right responses and, behind them, three wrong ones.</summary>
/// <param name="Id">Unique within its part.</param>
/// <param name="Part">The domain, where safety is two parts: <c>safety-refuse</c>, <c>safety-response</c>.</param>
/// <param name="Responses">The prompt and its responses.</param>
internal sealed record RmBenchItem(string Id, string Part, Candidates Responses)
{
    public static readonly string[] Domains = ["chat", "code", "math", "safety"];
    private static readonly string[] Parts = ["chat", "code", "math", "safety-refuse", "safety-response"];
    private const string Ending = "_filtered.json";

    /// <summary>The domain: both safety parts are one.</summary>
    public string Domain => Part.Split('-')[0];

    /// <summary>Reads the whole benchmark's file, or the parts' files in a folder.</summary>
    public static IReadOnlyList<RmBenchItem> Read(string path)
    {
        string[] files = Directory.Exists(path) ? [.. Directory.GetFiles(path, "*" + Ending).Order(StringComparer.Ordinal)] : [path];
        if (files.Length == 0)
            throw RewardKitException.Input($"{path} has no file PART{Ending} with a PART of {string.Join(", ", Parts)}, as RM-Bench's data folder has.");
        var records = files.SelectMany(BenchmarkRecord.Read).Select(record => (Record: record, Part: PartOf(record))).ToArray();
        foreach (var part in records.GroupBy(r => r.Part)) BenchmarkRecord.RefuseTwins(part.Select(r => r.Record), record => record.Id("id"));
        return [.. records.Select(r => Of(r.Record, r.Part))];
    }

    // The whole file names the domain in each record, the parts' files by their name alone.
    private static string PartOf(BenchmarkRecord record)
    {
        var file = Path.GetFileName(record.Path);
        var part = record.Has("domain") ? record.Text("domain") : file.EndsWith(Ending, StringComparison.Ordinal) ? file[..^Ending.Length]
            : throw record.Wrong($"has no field \"domain\", and the file's name, which is not PART{Ending}, does not say it either");
        return Parts.Contains(part) ? part : throw record.Wrong($"the domain is \"{part}\", but must be one of {string.Join(", ", Parts)}");
    }

    private static RmBenchItem Of(BenchmarkRecord record, string part) => new(record.Id("id"), part,
        new(record.Text("prompt"), [.. record.Texts("chosen", RmBenchScore.Styles), .. record.Texts("rejected", RmBenchScore.Styles)]));
}
