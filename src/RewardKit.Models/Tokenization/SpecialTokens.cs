using System.Text.Json;

namespace RewardKit.Models.Tokenization;

/// <summary>Which tokens begin and end a text and fill rows, as the files beside the vocabulary say.</summary>
internal sealed record SpecialTokens(int? Bos, int? Eos, int? Pad, bool AddsBos, bool HasChatTemplate)
{
    /// <summary>
    /// Reads names from <c>tokenizer_config.json</c>, then <c>special_tokens_map.json</c>, then ids from
    /// <c>config.json</c>; a vocabulary that only knows GPT-2's end of text begins and ends with that.
    /// </summary>
    /// <param name="files">The folder.</param>
    /// <param name="templateStart">The special tokens in front of a text by the post-processor.</param>
    /// <param name="toId">The vocabulary.</param>
    public static SpecialTokens Read(TokenizerFiles files, string? templateStart, Func<string, int?> toId)
    {
        using var tokenizerConfig = files.Json("tokenizer_config.json");
        using var map = files.Json("special_tokens_map.json");
        using var config = files.Json("config.json");
        var gpt2 = tokenizerConfig is null && map is null ? toId("<|endoftext|>") : null;
        var bos = Id("bos") ?? gpt2;
        var adds = Flag(tokenizerConfig, "add_bos_token") ?? (bos is not null && templateStart is not null && toId(templateStart) == bos);
        using var template = files.Open("chat_template.jinja");
        var hasTemplate = template is not null || tokenizerConfig is not null
            && tokenizerConfig.RootElement.TryGetProperty("chat_template", out var t) && t.ValueKind != JsonValueKind.Null;
        return new(bos, Id("eos") ?? gpt2, Id("pad"), adds && bos is not null, hasTemplate);

        int? Id(string kind)
        {
            foreach (var document in new[] { tokenizerConfig, map })
                if (Name(document, kind + "_token") is { } name && toId(name) is { } id) return id;
            if (config is null || !config.RootElement.TryGetProperty(kind + "_token_id", out var value)) return null;
            // Llama 3 lists several ends; the first is the end of text.
            if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0) value = value[0];
            return value.ValueKind == JsonValueKind.Number ? value.GetInt32() : null;
        }
    }

    private static string? Name(JsonDocument? document, string name)
    {
        if (document is null || !document.RootElement.TryGetProperty(name, out var value)) return null;
        if (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("content", out var content)) value = content;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }

    private static bool? Flag(JsonDocument? document, string name) =>
        document is not null && document.RootElement.TryGetProperty(name, out var value)
        && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : null;
}
