using System.Text.Json;

namespace RewardKit.Training.Data;

/// <summary>Reads what stands for turns: a text, one message, or a list of messages.</summary>
internal static class MessageLists
{
    /// <summary>
    /// The turns under a key. A message is <c>{"role", "content"}</c> or, as ShareGPT writes it, <c>{"from", "value"}</c>.
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="key">The key.</param>
    /// <param name="speaker">Whose turn a plain text is.</param>
    /// <exception cref="RewardKitException">It is none of these.</exception>
    public static Message[] Of(DataRecord record, string key, string speaker) => Of(record, record.Field(key), $"\"{key}\"", speaker);

    /// <summary>The turns in a value.</summary>
    /// <param name="record">The record it is in.</param>
    /// <param name="value">The value.</param>
    /// <param name="where">What a message calls it.</param>
    /// <param name="speaker">Whose turn a plain text is.</param>
    /// <exception cref="RewardKitException">It is none of these.</exception>
    public static Message[] Of(DataRecord record, JsonElement value, string where, string speaker) => value.ValueKind switch
    {
        JsonValueKind.String => [new(speaker, record.Text(value, where))],
        JsonValueKind.Object => [Turn(record, value, where)],
        JsonValueKind.Array => [.. value.EnumerateArray().Select((turn, i) => Turn(record, turn, $"{where}[{i}]"))],
        _ => throw record.Malformed($"{where} must be a string or a list of messages, but is {JsonLines.Kind(value)}"),
    };

    /// <summary>
    /// The turns of a prompt. A text with HH-RLHF's marks, as Nectar's prompts have them, is a dialogue; the mark at its end,
    /// which the response goes on from, is no turn.
    /// </summary>
    /// <param name="record">The record.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="RewardKitException">It is neither text nor messages.</exception>
    public static Message[] Prompt(DataRecord record, string key)
    {
        var turns = Of(record, key, "user");
        if (turns is not [{ Content: var text }] || !text.StartsWith("\n\nHuman:", StringComparison.Ordinal)) return turns;
        var dialogue = HhRlhf.Turns(text);
        return dialogue is [.., { Role: "assistant", Content: "" }] ? dialogue[..^1] : dialogue;
    }

    private static Message Turn(DataRecord record, JsonElement turn, string where)
    {
        if (turn.ValueKind != JsonValueKind.Object)
            throw record.Malformed($"{where} must be a message, {{\"role\": …, \"content\": …}}, but is {JsonLines.Kind(turn)}");
        var sharing = turn.TryGetProperty("from", out _);
        var role = record.Text(Part(sharing ? "from" : "role"), where);
        var content = record.Text(Part(sharing ? "value" : "content"), where + (sharing ? ".value" : ".content"));
        return new(role switch { "human" => "user", "gpt" => "assistant", _ => role }, content);

        JsonElement Part(string key) => turn.TryGetProperty(key, out var part)
            ? part
            : throw record.Lacks($"the message {where} has no key \"{key}\"", key, [.. turn.EnumerateObject().Select(p => p.Name)]);
    }
}
