using System.Text.Json;

namespace RewardKit.Training.Data;

/// <summary>
/// Makes pairs of records with a prompt and a list of responses, which have scores or ranks: each beside its text, as in
/// UltraFeedback's <c>completions</c> (Cui et al. 2023, arXiv:2310.01377) and Nectar's <c>answers</c>, or in a second list.
/// </summary>
internal sealed class ResponseLists(PairColumns columns, Pairing pairing, string source)
{
    private static readonly string[] Texts = ["response", "answer", "completion", "text", "content", "output"];

    /// <summary>How many responses there were with a grade.</summary>
    public long Count { get; private set; }

    /// <summary>The record's pairs; why there are none, or why some of its responses are in none.</summary>
    /// <exception cref="RewardKitException">The record is malformed.</exception>
    public (IReadOnlyList<PreferenceExample> Pairs, string? Reason) Read(DataRecord record)
    {
        var prompt = MessageLists.Prompt(record, columns.Prompt!);
        if (prompt.Length == 0 || string.IsNullOrWhiteSpace(prompt[^1].Content)) return ([], "no prompt");
        var given = List(record, columns.Responses!).Select((value, i) => (Value: value, Where: $"\"{columns.Responses}\"[{i}]")).ToArray();
        var grades = Grades(record, given);
        var responses = new List<GradedResponse>();
        foreach (var (i, (value, where)) in given.Index())
        {
            var turns = Turns(record, value, where);
            if (turns is not [.., { Role: "assistant" }] || string.IsNullOrWhiteSpace(turns[^1].Content) || grades[i] is not { } grade) continue;
            responses.Add(new(record.Number, $"{record.Number}.{i + 1}", turns, columns.Score is null ? -grade : grade));
        }
        Count += responses.Count;
        PreferenceExample[] pairs = [.. ResponsePairs.Of(source, prompt, responses, pairing, margins: columns.Score is not null)];
        if (pairs.Length == 0) return (pairs, $"no two responses of another {(columns.Score is null ? "rank" : "score")}");
        return (pairs, responses.Count < given.Length ? "some responses empty or not graded, the others used" : null);
    }

    private double?[] Grades(DataRecord record, (JsonElement Value, string Where)[] responses)
    {
        var name = columns.Score ?? columns.Rank!;
        if (!record.Has(name))
        {
            return [.. responses.Select(r => r.Value.ValueKind == JsonValueKind.Object && r.Value.TryGetProperty(name, out var grade)
                ? record.Real(grade, $"{r.Where}.{name}")
                : throw record.Malformed($"{r.Where} has no \"{name}\""))];
        }
        double?[] grades = [.. List(record, name).Select((value, i) => record.Real(value, $"\"{name}\"[{i}]"))];
        return grades.Length == responses.Length
            ? grades
            : throw record.Malformed($"\"{name}\" has {grades.Length} entries for {responses.Length} responses");
    }

    private Message[] Turns(DataRecord record, JsonElement value, string where)
    {
        if (value.ValueKind != JsonValueKind.Object || value.TryGetProperty("from", out _)) return MessageLists.Of(record, value, where, "assistant");
        string[] keys = [.. value.EnumerateObject().Select(p => p.Name)];
        return (columns.Response ?? Texts.FirstOrDefault(keys.Contains)) is { } key && value.TryGetProperty(key, out var text)
            ? MessageLists.Of(record, text, $"{where}.{key}", "assistant")
            : throw record.Lacks($"{where} has no \"{columns.Response ?? Texts[0]}\"", columns.Response ?? Texts[0], keys);
    }

    private static IEnumerable<JsonElement> List(DataRecord record, string key)
    {
        var value = record.Field(key);
        return value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : throw record.Malformed($"\"{key}\" must be a list, but is {JsonLines.Kind(value)}");
    }
}
