namespace RewardKit.Training.Data;

/// <summary>Records of which the prompt alone is read.</summary>
public static class PromptRecords
{
    private static readonly string[] Usual = ["prompt", "question", "instruction", "messages", "conversations"];
    private static readonly Conversation Nothing = new([]);

    /// <summary>Whether an example has a response to train on, and is not a prompt alone.</summary>
    /// <param name="example">The example.</param>
    public static bool HasResponses(PreferenceExample example) => !example.Chosen.Messages.IsEmpty || !example.Rejected.Messages.IsEmpty;

    /// <summary>The key under which prompts are, found in a file's first record.</summary>
    /// <exception cref="RewardKitException">There is none.</exception>
    internal static string KeyOf(DataRecord first, string? named) =>
        (named ?? Usual.FirstOrDefault(first.Has)) is { } key && first.Field(key) is var _ ? key : throw first.Malformed(
            $"there is no prompt: expected one of {string.Join(", ", Usual.Select(u => $"\"{u}\""))}, and the record has {string.Join(", ", first.Keys.Select(k => $"\"{k}\""))}; "
            + "name the column of the prompt where it is called otherwise");

    /// <summary>A prompt without responses, or why the record holds none. An answer at its end is left out.</summary>
    /// <exception cref="RewardKitException">The record is malformed.</exception>
    internal static (PreferenceExample? Prompt, string? Reason) Read(DataRecord record, string key, string source)
    {
        var turns = MessageLists.Prompt(record, key);
        if (turns is [.., { Role: "assistant" }]) turns = turns[..^1];
        if (turns.Length == 0 || string.IsNullOrWhiteSpace(turns[^1].Content)) return (null, "no prompt");
        var prompt = new Conversation(turns);
        return (new(PairId.Of(source, $"{record.Number}", $"{prompt}", ""), prompt, Nothing, Nothing, new(source, record.Number)), null);
    }
}
