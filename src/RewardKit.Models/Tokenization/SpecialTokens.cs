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
    /// <param name="parts">What the vocabulary's own file says.</param>
    /// <param name="toId">The vocabulary.</param>
    public static SpecialTokens Read(TokenizerFiles files, TokenizerParts parts, Func<string, int?> toId)
    {
        var tokenizerConfig = files.Json("tokenizer_config.json");
        var map = files.Json("special_tokens_map.json");
        var config = files.Json("config.json");
        var gpt2 = tokenizerConfig is null && map is null ? toId("<|endoftext|>") : null;
        var bos = Id("bos") ?? parts.Special?.Bos ?? gpt2;
        var adds = tokenizerConfig?.Optional("add_bos_token") is not null ? tokenizerConfig.Value.Flag("add_bos_token")
            : parts.Special?.AddsBos ?? (bos is { } id && parts.PostProcessor is { Before: [var first, ..] } && first == id);
        using var template = files.Open("chat_template.jinja");
        var hasTemplate = template is not null || tokenizerConfig?.Optional("chat_template") is not null
            || files.Json("chat_template.json")?.Optional("chat_template") is not null;
        return new(bos, Id("eos") ?? parts.Special?.Eos ?? gpt2, Id("pad") ?? parts.Special?.Pad, adds && bos is not null, hasTemplate);

        int? Id(string kind)
        {
            foreach (var file in (JsonField?[])[tokenizerConfig, map])
                if (Name(file?.Optional(kind + "_token")) is { } name && toId(name) is { } id) return id;
            if (config?.Optional(kind + "_token_id") is not { } value) return null;
            // Llama 3 lists several ends; the first is the end of text. Some configurations write -1 for none.
            if (value.Element.ValueKind == JsonValueKind.Array && value.Items().ToArray() is [var firstOfThem, ..]) value = firstOfThem;
            return value.Element.ValueKind == JsonValueKind.Number && value.Element.TryGetInt32(out var number) && number >= 0 ? number : null;
        }
    }

    // A string, or an added token with its flags.
    private static string? Name(JsonField? field)
    {
        if (field is { Element.ValueKind: JsonValueKind.Object } token) field = token.Optional("content");
        return field is { Element.ValueKind: JsonValueKind.String } name ? name.Text() : null;
    }
}
