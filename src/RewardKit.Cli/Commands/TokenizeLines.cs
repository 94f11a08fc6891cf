using System.Text.Json;
using RewardKit.Models.Tokenization;

namespace RewardKit.Cli.Commands;

/// <summary>What <c>rewardkit tokenize</c> does with a line.</summary>
/// <param name="tokenizer">The tokenizer.</param>
/// <param name="template">Whether a text, too, goes through the chat template.</param>
/// <param name="bare">Whether special tokens around texts are left out.</param>
internal sealed class TokenizeLines(Tokenizer tokenizer, bool template, bool bare)
{
    // Made when messages come: a tokenizer whose template cannot be read still encodes texts.
    private readonly Lazy<PairEncoder> _encoder = new(() => new(tokenizer, ChatTemplate.For(tokenizer), int.MaxValue, int.MaxValue));

    /// <summary>A text or messages to ids and tokens.</summary>
    public void Encode(JsonElement line, Utf8JsonWriter output)
    {
        var hasText = JsonLines.Property(line, "text", out var text);
        if (hasText == JsonLines.Property(line, "messages", out var messages))
            throw RewardKitException.Input("expected an object with either \"text\" or \"messages\"");
        var ids = !hasText ? Encode(JsonLines.Messages(messages))
            : template ? Encode([new("user", JsonLines.Text(text, "\"text\""))])
            : bare ? tokenizer.Encode(JsonLines.Text(text, "\"text\"")) : tokenizer.EncodeWithSpecialTokens(JsonLines.Text(text, "\"text\""));

        output.WriteStartObject();
        output.WriteStartArray("ids");
        foreach (var id in ids) output.WriteNumberValue(id);
        output.WriteEndArray();
        output.WriteStartArray("tokens");
        foreach (var id in ids) output.WriteStringValue(tokenizer.IdToToken(id));
        output.WriteEndArray();
        output.WriteEndObject();
    }

    /// <summary>Ids to text.</summary>
    public void Decode(JsonElement line, Utf8JsonWriter output)
    {
        if (!JsonLines.Property(line, "ids", out var list) || list.ValueKind != JsonValueKind.Array)
            throw RewardKitException.Input("expected an object with an array \"ids\"");
        var ids = new List<int>();
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out var id) || tokenizer.IdToToken(id) is null)
                throw RewardKitException.Input($"\"ids\"[{ids.Count}] is {item.GetRawText()}, which is no id of this tokenizer (0 to {tokenizer.VocabSize - 1})");
            ids.Add(id);
        }
        output.WriteStartObject();
        output.WriteString("text", tokenizer.Decode(ids, keepSpecialTokens: !bare));
        output.WriteEndObject();
    }

    // A last turn of the assistant is the response that would be scored; all before it is the prompt.
    private int[] Encode(Message[] messages)
    {
        var encoder = _encoder.Value;
        var answered = messages is [.., { Role: "assistant" }];
        var prompt = new Conversation([.. answered ? messages[..^1] : messages]);
        var response = new Conversation([.. answered ? messages[^1..] : []]);
        return bare
            ? [.. tokenizer.Encode(encoder.Template.RenderPrompt(prompt)), .. answered ? tokenizer.Encode(encoder.Template.RenderResponse(prompt, response)) : []]
            : [.. encoder.EncodePrompt(prompt).Ids, .. answered ? encoder.EncodeResponse(prompt, response).Ids : []];
    }
}
