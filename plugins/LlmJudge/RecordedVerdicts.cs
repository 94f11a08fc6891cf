using RewardKit.Plugins.Benchmarks;
using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>
/// What a judge said of PandaLM's pairs, as PandaLM's authors publish it: <c>idx</c>, and a field whose name ends in
/// <c>_result</c> with 1, 2, or 0 or "Tie"; anything else is no verdict.
/// </summary>
internal static class RecordedVerdicts
{
    private const string Ending = "_result";

    /// <summary>Reads them.</summary>
    /// <param name="file">The file.</param>
    /// <param name="pairs">The pairs that were judged.</param>
    /// <returns>By pair, the verdict; null where the judge gave none.</returns>
    /// <exception cref="RewardKitException">A pair has no record, or a record no result.</exception>
    public static IReadOnlyList<Verdict?> Read(string file, IReadOnlyList<HumanPair> pairs)
    {
        var records = BenchmarkRecord.Read(file);
        BenchmarkRecord.RefuseTwins(records, r => r.Id("idx"));
        var verdicts = records.ToDictionary(r => r.Id("idx"), Verdict);
        return [.. pairs.Select(pair => pair.Record.Has("idx") && verdicts.TryGetValue(pair.Record.Id("idx"), out var verdict)
            ? verdict : throw pair.Record.Wrong($"has no recorded verdict: {file} has no record with its \"idx\""))];
    }

    private static Verdict? Verdict(BenchmarkRecord record)
    {
        var field = record.Json.EnumerateObject().Select(p => p.Name).FirstOrDefault(name => name.EndsWith(Ending, StringComparison.Ordinal))
            ?? throw record.Wrong($"has no field whose name ends in \"{Ending}\", as \"gpt_result\"");
        return record.Raw(field) switch { "1" => Shared.Verdict.A, "2" => Shared.Verdict.B, "0" or "Tie" => Shared.Verdict.Tie, _ => null };
    }
}
