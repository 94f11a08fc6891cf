using System.Text;
using System.Text.Json;

namespace RewardKit.Models.Tokenization;

/// <summary>The chat templates of a tokenizer's folder, and the special tokens that they name.</summary>
internal static class ChatTemplateFiles
{
    /// <summary>The name of the template that counts where none is asked for.</summary>
    public const string Default = "default";

    private static readonly string[] TokenNames =
        ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>A template: its name, its text, the file it is from.</summary>
    public sealed record Entry(string Name, string Source, string File);

    /// <summary>
    /// Reads <c>chat_template.jinja</c>, else <c>chat_template</c> in <c>tokenizer_config.json</c>, else in
    /// <c>chat_template.json</c>: one template, or a list of <c>{name, template}</c>.
    /// </summary>
    /// <exception cref="RewardKitException">A file is malformed.</exception>
    public static List<Entry> Read(TokenizerFiles files)
    {
        if (files.Utf8Bytes("chat_template.jinja") is { } jinja)
            return [new(Default, Encoding.UTF8.GetString(jinja).TrimStart('\uFEFF'), files.PathOf("chat_template.jinja"))];
        foreach (var name in (string[])["tokenizer_config.json", "chat_template.json"])
        {
            if (files.Json(name)?.Optional("chat_template") is not { } template) continue;
            var file = files.PathOf(name);
            return template.Element.ValueKind != JsonValueKind.Array
                ? [new(Default, template.Text(), file)]
                : [.. template.Items().Select(item => new Entry(item.Required("name").Text(), item.Required("template").Text(), file))];
        }
        return [];
    }

    /// <summary>
    /// The special tokens that the files name, as transformers gives them to a template: one that is not named is not
    /// defined there.
    /// </summary>
    public static List<KeyValuePair<string, object?>> SpecialTokens(TokenizerFiles files)
    {
        JsonField?[] sources = [files.Json("tokenizer_config.json"), files.Json("special_tokens_map.json")];
        var tokens = new List<KeyValuePair<string, object?>>();
        foreach (var name in TokenNames)
            if (sources.Select(source => Token(source?.Optional(name))).FirstOrDefault(token => token is not null) is { } token)
                tokens.Add(new(name, token));
        return tokens;
    }

    // A token is its text, or an object with the text and how it is matched.
    private static string? Token(JsonField? field) =>
        (field is { Element.ValueKind: JsonValueKind.Object } token ? token.Required("content") : field)?.Text();
}
