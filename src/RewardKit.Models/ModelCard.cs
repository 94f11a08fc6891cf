using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RewardKit.Models;

/// <summary>What a saved model's <c>README.md</c> tells its readers, as far as it is given.</summary>
public sealed record ModelCard
{
    /// <summary>The model it started from: a name on the Hub, or words.</summary>
    public string? BaseModel { get; init; }

    /// <summary>The data it was trained on.</summary>
    public string? Data { get; init; }

    /// <summary>The method, with its paper.</summary>
    public string? Method { get; init; }

    /// <summary>The licence's identifier.</summary>
    public string? License { get; init; }

    /// <summary>The settings, by name.</summary>
    public IReadOnlyDictionary<string, object?> Options { get; init; } = new Dictionary<string, object?>();

    /// <summary>What was measured, by name.</summary>
    public IReadOnlyDictionary<string, double> Results { get; init; } = new Dictionary<string, double>();

    /// <summary>The card as Markdown, under the metadata that the Hub reads.</summary>
    /// <param name="model">The model.</param>
    internal string Text(CausalModel model)
    {
        var reward = model is RewardModel { IsPolicy: false } scoring ? scoring : null;
        var adapter = model.Adapters is { Active: { } active, Merged: false } ? model.Adapters.OptionsOf(active) : null;
        var text = new StringBuilder($"---\nlibrary_name: {(adapter is null ? "transformers" : "peft")}\n");
        text.Append(reward is null ? "pipeline_tag: text-generation\n" : $"pipeline_tag: {(reward.HasScalarHead ? "text-classification" : "text-generation")}\n");
        if (License is not null) text.Append($"license: {Quoted(License)}\n");
        // Elsewhere than on the Hub a base model is words, which the Hub would refuse.
        if (BaseModel is { } name && name.Count(c => c == '/') == 1 && !name.Any(char.IsWhiteSpace) && !name.StartsWith('/')) text.Append($"base_model: {Quoted(name)}\n");
        text.Append(reward is null ? "tags:\n- rewardkit\n" : "tags:\n- reward-model\n- rewardkit\n");
        text.Append($"---\n\n# {(reward is null ? "Language model" : "Reward model")}\n\n{About(model, reward)}\n");
        if (adapter is not null)
            text.Append(CultureInfo.InvariantCulture, $"\nThis is a LoRA adapter of rank {adapter.Rank} (alpha {adapter.Alpha}) in PEFT's layout; the base model is named in `{AdapterConfig.Name}`.\n");
        foreach (var (title, value) in new[] { ("Base model", BaseModel), ("Method", Method), ("Data", Data) })
            if (value is not null) text.Append($"\n## {title}\n\n{value}\n");
        Table("Options", "option", Options.Select(option => (option.Key, option.Value is null ? "" : JsonSerializer.Serialize(option.Value))));
        Table("Results", "measure", Results.Select(result => (result.Key, result.Value.ToString("G6", CultureInfo.InvariantCulture))));
        return text.ToString();

        void Table(string title, string column, IEnumerable<(string Name, string Value)> rows)
        {
            var list = rows.OrderBy(row => row.Name, StringComparer.Ordinal).ToList();
            if (list.Count == 0) return;
            text.Append($"\n## {title}\n\n| {column} | value |\n| --- | --- |\n");
            foreach (var (rowName, value) in list) text.Append($"| {Cell(rowName)} | {Cell(value)} |\n");
        }
    }

    private static string About(CausalModel model, RewardModel? reward) => reward switch
    {
        null => $"A causal language model (`{model.Architecture}`), written by RewardKit.",
        { PairLabels: { } pairs } => $"A pairwise preference model (`{model.Architecture}`), written by RewardKit: it is shown two responses to a conversation in one "
            + $"user turn, and its reply begins with token {pairs.First} where the first is better and with token {pairs.Second} where the second is. "
            + "Ask in both orders and average the probabilities. The turn's layout is under `rewardkit` in `config.json`.",
        { Labels: { } labels } => $"A reward model (`{model.Architecture}`), written by RewardKit: the reward of a text is the logit of "
            + $"token {labels.First} less that of token {labels.Second} after its last token.",
        _ => $"A reward model (`{model.Architecture}`, one output), written by RewardKit: the reward is the logit of its one label, read at the "
            + "last token of prompt and response. Higher is better; only differences between responses to one prompt mean something."
            + (reward.Outputs == 1 ? "" : $" `{RewardHeads.Further}.weight` holds further outputs, which training used and the reward does not."),
    };

    private static string Quoted(string value) => JsonSerializer.Serialize(value);

    private static string Cell(string value) => value.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ");
}
