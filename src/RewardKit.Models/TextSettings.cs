using System.Text.Json.Nodes;

namespace RewardKit.Models;

/// <summary>How texts were encoded for a trained model, and read, under the key <c>rewardkit</c> of its <c>config.json</c>.</summary>
/// <param name="Template">The chat template's name.</param>
/// <param name="MaxPromptTokens">The limit of prompts.</param>
/// <param name="MaxResponseTokens">The limit of responses.</param>
/// <param name="Labels">The label tokens whose logits make the reward.</param>
/// <param name="Dtype">The type that was asked for, as in <see cref="ModelSpec.Dtype"/>; null where none was.</param>
/// <param name="Pairs">How a pairwise model is asked; null for any other.</param>
/// <param name="IsPolicy">Whether it is a language model alone.</param>
internal sealed record TextSettings(
    string? Template, int? MaxPromptTokens, int? MaxResponseTokens, LabelTokens? Labels, string? Dtype, PairText? Pairs, bool IsPolicy = false)
{
    private const string Key = "rewardkit";

    /// <summary>Nothing noted.</summary>
    public static readonly TextSettings None = new(null, null, null, null, null, null);

    /// <summary>Reads what a folder notes; all null where it notes nothing.</summary>
    public static TextSettings Read(ConfigFile file) => file.Json[Key] is JsonObject json
        ? new(
            json["template"]?.ToString(), file.Value<int>(json, "max_prompt_tokens"), file.Value<int>(json, "max_response_tokens"),
            file.Value<int>(json, "first_label_id") is { } first && file.Value<int>(json, "second_label_id") is { } second ? new(first, second) : null,
            json["dtype"]?.ToString(), ReadPairs(json["pairs"]), file.Value<bool>(json, "policy") == true)
        : None;

    /// <summary>What a folder's <c>config.json</c> notes; null where there is no such folder or file.</summary>
    public static TextSettings? OfFolder(string? folder) =>
        folder is not null && File.Exists(Path.Combine(folder, ConfigFile.Name)) ? Read(ConfigFile.Load(folder)) : null;

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
        if (IsPolicy) json["policy"] = true;
        if (Pairs is { } pairs)
            json["pairs"] = new JsonObject
            {
                ["layout"] = pairs.Layout,
                ["turn"] = pairs.Turn,
                ["first"] = pairs.First,
                ["second"] = pairs.Second,
                ["tie"] = pairs.Tie,
            };
        config[Key] = json;
    }

    private static PairText? ReadPairs(JsonNode? json)
    {
        if (json is not JsonObject noted) return null;
        var usual = new PairText();
        string Text(string key, string otherwise) => noted[key]?.ToString() ?? otherwise;
        return new()
        {
            Layout = Text("layout", usual.Layout),
            Turn = Text("turn", usual.Turn),
            First = Text("first", usual.First),
            Second = Text("second", usual.Second),
            Tie = Text("tie", usual.Tie),
        };
    }
}
