using RewardKit.Plugins.Benchmarks;

namespace RewardKit.Plugins.BestOfN;

/// <summary>A prompt with a generator's responses and what is known of each.</summary>
/// <param name="Record">The first response's record.</param>
/// <param name="Responses">The prompt and its responses, in the file's order.</param>
/// <param name="Verdicts">What is known of each.</param>
/// <param name="IsAdversarial">Whether the prompt is built to get around safeguards; null where the file does not say it.</param>
internal sealed record SafetyPrompt(BenchmarkRecord Record, Candidates Responses, IReadOnlyList<WildGuardVerdict> Verdicts, bool? IsAdversarial)
{
    private const string Output = "classifier_output";

    /// <summary>Reads WildGuardTest's layout with one response a record: the records of a prompt are its candidates.</summary>
    public static IReadOnlyList<SafetyPrompt> Read(string file, PromptLabel label)
    {
        SafetyPrompt[] prompts = [.. BenchmarkRecord.Read(file).GroupBy(r => r.Text("prompt")).Select(group => Of([.. group], label))];
        var wanted = prompts[0].Verdicts.Count;
        if (prompts.FirstOrDefault(p => p.Verdicts.Count != wanted) is { } odd)
            throw odd.Record.Wrong($"its prompt has {odd.Verdicts.Count} responses, that of record {prompts[0].Record.Number} has {wanted}; all must have as many, one a record");
        return prompts;
    }

    private static SafetyPrompt Of(BenchmarkRecord[] records, PromptLabel label) => new(records[0],
        new(records[0].Text("prompt"), records.Select(r => r.Text("response"))),
        [.. records.Select(r => Verdict(r, records[0], label))],
        !records[0].Has("adversarial") ? null : records[0].Field("adversarial").ValueKind switch
        {
            System.Text.Json.JsonValueKind.True => true,
            System.Text.Json.JsonValueKind.False => false,
            _ => throw records[0].Wrong("\"adversarial\" must be true or false"),
        });

    private static WildGuardVerdict Verdict(BenchmarkRecord record, BenchmarkRecord first, PromptLabel label)
    {
        var verdict = record.Has(Output) ? WildGuardVerdict.Parse(record.Text(Output)) : new(null,
            Label(record, "response_refusal_label", "refusal", "compliance"), Label(record, "response_harm_label", "harmful", "unharmful"), false);
        if (label == PromptLabel.Classifier)
            return record.Has(Output) ? verdict : throw record.Wrong($"has no field \"{Output}\", from which the option promptLabel = classifier takes whether the prompt is harmful");
        var prompt = Label(record, "prompt_harm_label", "harmful", "unharmful");
        return prompt == Label(first, "prompt_harm_label", "harmful", "unharmful") ? verdict with { IsPromptHarmful = prompt }
            : throw record.Wrong($"has another prompt_harm_label than record {first.Number}, whose prompt it has");
    }

    // The field must be there; null says that nobody knows.
    private static bool? Label(BenchmarkRecord record, string field, string yes, string no) =>
        !record.Json.TryGetProperty(field, out var value) ? throw record.Wrong($"has neither the field \"{Output}\" nor \"{field}\"")
        : value.ValueKind == System.Text.Json.JsonValueKind.Null ? null
        : record.Text(field) is var text && text == yes ? true
        : text == no ? false
        : throw record.Wrong($"\"{field}\" is \"{text}\", but must be \"{yes}\", \"{no}\" or null");
}
