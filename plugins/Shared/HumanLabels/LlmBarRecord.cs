namespace RewardKit.Plugins.Benchmarks;

/// <summary>A record in LLMBar's layout: <c>input</c>, <c>output_1</c>, <c>output_2</c>, and <c>label</c>, the number of the better output.</summary>
/// <param name="Subset">The name of its file's folder.</param>
/// <param name="Record">Its place.</param>
/// <param name="Input">The instruction.</param>
/// <param name="First">Output 1.</param>
/// <param name="Second">Output 2.</param>
/// <param name="FirstIsBetter">Whether output 1 is the better one.</param>
internal sealed record LlmBarRecord(string Subset, BenchmarkRecord Record, string Input, string First, string Second, bool FirstIsBetter)
{
    private const string FileName = "dataset.json";

    /// <summary>Reads one SUBSET/dataset.json, or all that are in and below a folder.</summary>
    /// <exception cref="RewardKitException">The data are not in the layout.</exception>
    public static IEnumerable<LlmBarRecord> Read(string data) => Files(data).SelectMany(file => Read(file.Subset, file.Path));

    // The subset is the name of a file's folder; no two may have the same.
    private static IEnumerable<(string Subset, string Path)> Files(string data)
    {
        string[] files = Directory.Exists(data) ? [.. Directory.GetFiles(data, FileName, SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [data];
        if (files.Length == 0) throw RewardKitException.Input($"{data} has no SUBSET/{FileName} in or below it, as LLMBar's folder Dataset has.");
        var named = files.Select(file => (Subset: Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file)))!, file)).ToArray();
        return named.GroupBy(n => n.Subset).FirstOrDefault(g => g.Count() > 1) is { } twins
            ? throw RewardKitException.Input($"{data} has two subsets {twins.Key}: {string.Join(" and ", twins.Select(t => t.file))}; each folder's name may be there once.")
            : named;
    }

    private static IEnumerable<LlmBarRecord> Read(string subset, string file)
    {
        var records = BenchmarkRecord.Read(file);
        BenchmarkRecord.RefuseTwins(records, r => string.Join('\n', r.Text("input"), r.Text("output_1"), r.Text("output_2")));
        foreach (var record in records)
        {
            var firstIsBetter = record.Id("label") switch
            {
                "1" => true,
                "2" => false,
                var other => throw record.Wrong($"\"label\" is {other}, but must be 1 or 2: the number of the better output"),
            };
            yield return new(subset, record, record.Text("input"), record.Text("output_1"), record.Text("output_2"), firstIsBetter);
        }
    }
}
