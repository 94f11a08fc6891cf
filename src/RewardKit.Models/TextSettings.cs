using System.Text.Json.Nodes;

namespace RewardKit.Models;

/// <summary>How texts were encoded for a trained model, under the key <c>rewardkit</c> of its <c>config.json</c>.</summary>
/// <param name="Template">The chat template's name.</param>
/// <param name="MaxPromptTokens">The limit of prompts.</param>
/// <param name="MaxResponseTokens">The limit of responses.</param>
internal sealed record TextSettings(string? Template, int? MaxPromptTokens, int? MaxResponseTokens)
{
    private const string Key = "rewardkit";

    /// <summary>Reads what a folder notes; all null where it notes nothing.</summary>
    public static TextSettings Read(ConfigFile file) => file.Json[Key] is JsonObject json
        ? new(json["template"]?.ToString(), file.Value<int>(json, "max_prompt_tokens"), file.Value<int>(json, "max_response_tokens"))
        : new(null, null, null);

    /// <summary>Notes them.</summary>
    public void Write(JsonObject config) => config[Key] = new JsonObject
    {
        ["template"] = Template,
        ["max_prompt_tokens"] = MaxPromptTokens,
        ["max_response_tokens"] = MaxResponseTokens,
    };
}
