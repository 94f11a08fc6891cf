using System.Globalization;
using System.Text.Json;

namespace RewardKit.Hosting.Runs;

/// <summary>What the folders of runs say of themselves, without an index.</summary>
internal static class RunFolders
{
    private static readonly EnumerationOptions Readable = new() { IgnoreInaccessible = true };

    /// <summary>The runs in <c>EXPERIMENT/ARM/seed-N</c> and, of those that did not come to their end, <c>seed-N.partial</c>.</summary>
    public static IEnumerable<RunRow> Find(string folder, Func<string, string> idOf) =>
        from experiment in Folders(folder, "*")
        from arm in Folders(experiment, "*")
        from run in Folders(arm, "seed-*").Select(Finished).Distinct()
        let row = Row(run, Path.GetFileName(experiment), Path.GetFileName(arm), idOf)
        where row is not null
        select row;

    /// <summary>Where a training lies that is not finished.</summary>
    public static string Partial(string run) => run + ".partial";

    private static string Finished(string run) => run.EndsWith(".partial", StringComparison.Ordinal) ? run[..^".partial".Length] : run;

    private static string[] Folders(string folder, string pattern) =>
        [.. Directory.GetDirectories(folder, pattern, Readable).Order(StringComparer.Ordinal)];

    private static RunRow? Row(string run, string experiment, string arm, Func<string, string> idOf)
    {
        if (!int.TryParse(Path.GetFileName(run)["seed-".Length..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seed)) return null;
        using var training = Read(Path.Combine(run, "training.json"));
        using var evaluation = training is null ? null : Read(Path.Combine(run, "run.json"));
        using var begun = training is null ? Read(Path.Combine(Partial(run), "key.json")) : null;
        if (training is null && begun is null && !File.Exists(Path.Combine(Partial(run), "metrics.jsonl"))) return null;
        var written = File.GetLastWriteTimeUtc(
            evaluation is not null ? Path.Combine(run, "run.json") : training is not null ? Path.Combine(run, "training.json") : Partial(run));
        var seconds = training?.RootElement.GetProperty("seconds").GetDouble();
        var key = training ?? begun;
        return new()
        {
            Id = idOf(run),
            Folder = run,
            Experiment = experiment,
            Arm = arm,
            Seed = seed,
            State = evaluation is null ? RunState.Stopped : RunState.Finished,
            Started = written.AddSeconds(-seconds ?? 0),
            Ended = written,
            Key = key?.RootElement.GetProperty("key").GetString() ?? "",
            Parts = key is null ? new() : RunJson.Read<string>(key.RootElement.GetProperty("parts").GetRawText()),
            Metrics = evaluation?.RootElement.GetProperty("measurements").EnumerateObject()
                .ToDictionary(m => m.Name, m => m.Value.GetProperty("value").Deserialize<double>(Experiments.StoreJson.Options)) ?? [],
            Steps = training?.RootElement.GetProperty("steps").GetInt32(),
            Seconds = seconds,
        };
    }

    // What cannot be read is computed again by the next run of the experiment: here it is as good as missing.
    private static JsonDocument? Read(string path)
    {
        try
        {
            if (!File.Exists(path)) return null;
            var document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("key", out _)) return document;
            document.Dispose();
            return null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
