using System.Text.Json.Nodes;

namespace RewardKit.Models;

/// <summary>How texts were encoded for a trained model, and read, under the key <c>rewardkit</c> of its <c>config.json</c>.</summary>
/// <param name="Template">The chat template's name.</param>
/// <param name="MaxPromptTokens">The limit of prompts.</param>
/// <param name="MaxResponseTokens">The limit of responses.</param>
/// <param name="Labels">The label tokens of the pairwise form.</param>
/// <param name="Dtype">The type that was asked for, as in <see cref="ModelSpec.Dtype"/>; null where none was.</param>
internal sealed record TextSettings(string? Template, int? MaxPromptTokens, int? MaxResponseTokens, LabelTokens? Labels, string? Dtype)
{
    private const string Key = "rewardkit";

    /// <summary>Reads what a folder notes; all null where it notes nothing.</summary>
    public static TextSettings Read(ConfigFile file) => file.Json[Key] is JsonObject json
        ? new(
            json["template"]?.ToString(), file.Value<int>(json, "max_prompt_tokens"), file.Value<int>(json, "max_response_tokens"),
            file.Value<int>(json, "first_label_id") is { } first && file.Value<int>(json, "second_label_id") is { } second ? new(first, second) : null,
            json["dtype"]?.ToString())
        : new(null, null, null, null, null);

    /// <summary>Notes them.</summary>
    public void Write(JsonObject config)
    {
        var json = new JsonObject
        {
            ["template"] = Template,
            ["max_prompt_tokens"] = MaxPromptTokens,
            ["max_response_tokens"] = MaxResponseTokens,
        };
        if (Labels is { } labels) (json["first_label_id"], json["second_label_id"]) = (labels.FirstId, labels.SecondId);
        if (Dtype is not null) json["dtype"] = Dtype;
        config[Key] = json;
    }
}
