using System.Text.Json;
using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.RewardBench;

/// <summary>The older preference test sets beside RewardBench (huggingface.co/datasets/allenai/preference-test-sets).</summary>
internal static class PriorSets
{
    /// <summary>Those that the prior score is the plain mean of.</summary>
    public static readonly IReadOnlyList<string> Counted = ["anthropic_helpful", "anthropic_hhh", "shp", "summarize"];

    /// <summary>Stands before a set's name where a row's subset would be.</summary>
    public const string Prefix = "prior.";

    private static readonly string[] Known = [.. Counted, "anthropic_harmless", "pku_better", "pku_safer", "mtbench_human", "mtbench_gpt4"];

    /// <summary>Reads the sets that a folder has.</summary>
    /// <exception cref="RewardKitException">It has none, or a record is not in the layout.</exception>
    public static IEnumerable<PreferenceExample> Read(string folder)
    {
        var files = Known.SelectMany(set => new[] { ".json", ".jsonl" }.Select(ending => (Set: set, Path: Path.Combine(folder, set + ending)))).Where(f => File.Exists(f.Path)).ToArray();
        if (files.Length == 0) throw RewardKitException.Input($"{folder} has no file SET.json or SET.jsonl with a SET of {string.Join(", ", Known)}.");
        if (files.GroupBy(f => f.Set).FirstOrDefault(g => g.Count() > 1) is { } twins) throw RewardKitException.Input($"{folder} has {twins.Key}.json and {twins.Key}.jsonl; one of them was expected.");
        return files.SelectMany(file => BenchmarkRecord.Read(file.Path).Select(record => new PreferenceExample($"reward-bench:{file.Set}:{record.Number}",
            Prompt(record), Conversation.Assistant(record.Text("chosen")), Conversation.Assistant(record.Text("rejected")), new(Prefix + file.Set, record.Number))));
    }

    // Turns, or one user turn's text.
    private static Conversation Prompt(BenchmarkRecord record)
    {
        var prompt = record.Field("prompt");
        if (prompt.ValueKind == JsonValueKind.String) return Conversation.User(record.Text("prompt"));
        if (prompt.ValueKind != JsonValueKind.Array || prompt.GetArrayLength() == 0) throw record.Wrong("\"prompt\" must be a text, or a list of turns with role and content");
        return new(prompt.EnumerateArray().Select((turn, i) => turn.ValueKind == JsonValueKind.Object && Text(turn, "role") is { } role && Text(turn, "content") is { } content
            ? new Message(role, content) : throw record.Wrong($"turn {i + 1} of \"prompt\" has not the texts role and content")));
    }

    private static string? Text(JsonElement turn, string field) =>
        turn.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
