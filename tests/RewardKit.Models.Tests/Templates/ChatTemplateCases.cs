using System.Text.Json;

namespace RewardKit.Models.Tests.Templates;

/// <summary>The templates and conversations of tests/data/chat-templates, as generate.mjs puts them together.</summary>
internal static class ChatTemplateCases
{
    private static readonly JsonElement Cases = Read("cases.json");

    private static readonly string[] TokenNames = ["bos_token", "eos_token", "pad_token", "unk_token"];

    public static JsonElement Read(string name) => JsonDocument.Parse(File.ReadAllText(Files.Data("chat-templates/" + name))).RootElement;

    public static IReadOnlyDictionary<string, JsonElement> Conversations { get; } =
        Cases.GetProperty("conversations").EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!);

    public static IReadOnlyDictionary<string, (string Source, List<KeyValuePair<string, object?>> Tokens)> Templates { get; } =
        Cases.GetProperty("templates").EnumerateArray().ToDictionary(t => t.GetProperty("name").GetString()!, Template);

    /// <summary>What a template is given, as transformers gives it.</summary>
    public static List<KeyValuePair<string, object?>> Values(string template, JsonElement conversation, bool addGenerationPrompt) =>
    [
        .. Templates[template].Tokens,
        new("messages", conversation.GetProperty("messages")),
        new("tools", conversation.TryGetProperty("tools", out var tools) ? tools : null),
        new("documents", null),
        new("add_generation_prompt", addGenerationPrompt),
    ];

    private static (string, List<KeyValuePair<string, object?>>) Template(JsonElement template)
    {
        var file = Files.Data("chat-templates/" + template.GetProperty("file").GetString());
        var source = File.ReadAllText(file);
        var tokens = template;
        if (file.EndsWith(".json", StringComparison.Ordinal))
        {
            tokens = JsonDocument.Parse(source).RootElement;
            source = tokens.GetProperty("chat_template").GetString()!;
        }
        return (source, [.. TokenNames.Where(name => tokens.TryGetProperty(name, out var token) && token.ValueKind == JsonValueKind.String)
            .Select(name => KeyValuePair.Create(name, (object?)tokens.GetProperty(name).GetString()))]);
    }
}
