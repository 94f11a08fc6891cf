using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.ReWordBench;

/// <summary>RewardBench's rows, as they are or transformed by others.</summary>
public static class RewardBenchRows
{
    internal const string TransformedPrompt = "transformed_prompt";

    /// <summary>What the rows of a subset are about; those of a subset that RewardBench has not are prose.</summary>
    /// <param name="subset">The subset.</param>
    public static RowKind KindOf(string subset) => subset switch
    {
        "hep-python" => RowKind.Python,
        _ when subset.StartsWith("hep-", StringComparison.Ordinal) => RowKind.OtherCode,
        "math-prm" => RowKind.Math,
        "refusals-dangerous" or "refusals-offensive" or "xstest-should-refuse" or "donotanswer" => RowKind.UnsafeRequest,
        _ => RowKind.Prose,
    };

    /// <summary>RewardBench's section of a subset; null where it has none.</summary>
    /// <param name="subset">The subset.</param>
    public static string? SectionOf(string subset) => subset switch
    {
        "alpacaeval-easy" or "alpacaeval-length" or "alpacaeval-hard" or "mt-bench-easy" or "mt-bench-med" => "chat",
        "mt-bench-hard" or "llmbar-natural" or "llmbar-adver-neighbor" or "llmbar-adver-GPTInst" or "llmbar-adver-GPTOut" or "llmbar-adver-manual" => "chat-hard",
        "xstest-should-respond" => "safety",
        _ => KindOf(subset) switch { RowKind.UnsafeRequest => "safety", RowKind.Prose => null, _ => "reasoning" },
    };

    /// <summary>Reads a file, or all files of a folder that end in .json or .jsonl.</summary>
    internal static IReadOnlyList<BenchmarkRecord> Read(string path)
    {
        if (!Directory.Exists(path)) return BenchmarkRecord.Read(path);
        string[] files = [.. Directory.GetFiles(path).Where(f => f.EndsWith(".json", StringComparison.Ordinal) || f.EndsWith(".jsonl", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        return files.Length > 0 ? [.. files.SelectMany(BenchmarkRecord.Read)]
            : throw RewardKitException.Input($"{path} has no file that ends in .json or .jsonl; RewardBench's rows, or rows that were transformed, were expected.");
    }

    internal static PreferenceExample Pair(BenchmarkRecord record) => Pair(record, $"reword-bench:{record.Id("id")}", "");

    /// <summary>Rows that were transformed elsewhere, each with its original.</summary>
    internal static (IReadOnlyList<PreferenceExample> Pairs, IReadOnlyList<string?> Sections, IReadOnlyList<Rewritten> Rewritten) Transformed(IReadOnlyList<BenchmarkRecord> records)
    {
        BenchmarkRecord.RefuseTwins(records, r => $"{r.Text("transformation_name")}:{r.Id("id")}");
        var places = new Dictionary<Texts, int>();
        var (pairs, sections) = (new List<PreferenceExample>(), new List<string?>());
        var all = new List<Rewritten>();
        foreach (var group in records.GroupBy(r => r.Text("transformation_name")))
        {
            var rows = new List<(int, PreferenceExample)>();
            var unchanged = 0;
            foreach (var record in group)
            {
                var original = Pair(record);
                // One original stands in the file once for each of its transformations.
                if (!places.TryGetValue(Rewriter.TextsOf(original), out var place))
                {
                    places.Add(Rewriter.TextsOf(original), place = pairs.Count);
                    pairs.Add(original);
                    sections.Add(SectionOf(record.Text("subset")));
                }
                var transformed = Pair(record, $"{original.Id}+{group.Key}", "transformed_");
                if (Rewriter.TextsOf(transformed) == Rewriter.TextsOf(original)) unchanged++;
                else rows.Add((place, transformed));
            }
            all.Add(new(group.Key, rows, unchanged));
        }
        return (pairs, sections, all);
    }

    private static PreferenceExample Pair(BenchmarkRecord record, string id, string prefix) => new(id,
        Conversation.User(record.Text($"{prefix}prompt")), Conversation.Assistant(record.Text($"{prefix}chosen")),
        Conversation.Assistant(record.Text($"{prefix}rejected")), new(record.Text("subset"), record.Number));
}
