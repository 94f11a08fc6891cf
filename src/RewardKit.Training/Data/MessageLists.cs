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
    public static Message[] Of(DataRecord record, string key, string speaker)
    {
        var value = record.Field(key);
        return value.ValueKind switch
        {
            JsonValueKind.String => [new(speaker, record.Text(key))],
            JsonValueKind.Object => [Turn(record, value, $"\"{key}\"")],
            JsonValueKind.Array => [.. value.EnumerateArray().Select((turn, i) => Turn(record, turn, $"\"{key}\"[{i}]"))],
            _ => throw record.Malformed($"\"{key}\" must be a string or a list of messages, but is {JsonLines.Kind(value)}"),
        };
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
            : throw record.Malformed($"the message {where} has no key \"{key}\"{NearNames.Of(key, [.. turn.EnumerateObject().Select(p => p.Name)])}");
    }
}
