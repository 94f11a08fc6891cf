using System.Text.Json.Nodes;
using RewardKit.Models.Safetensors;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models;

/// <summary>What a model folder holds, as far as its files' headers tell; no weight is read.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Kind">In words: a language model, a reward model, an adapter.</param>
/// <param name="Architecture">The class that other tools load it as; for an adapter, its base's.</param>
/// <param name="Shape">The sizes of the decoder, by name.</param>
/// <param name="Parameters">Numbers in all tensors.</param>
/// <param name="ParametersByType">The same by element type, as safetensors names them.</param>
/// <param name="Files">The weights' files.</param>
/// <param name="Bytes">Their size together.</param>
/// <param name="LanguageHead">Where its language-model head is; null: none.</param>
/// <param name="RewardHead">Where its reward comes from; null: nowhere.</param>
/// <param name="HeadProblem">Why no reward model can be made of its scalar head: several outputs, or lost; null: nothing is wrong.</param>
/// <param name="Texts">How texts become tokens.</param>
/// <param name="Adapter">The adapter; null where the folder holds a whole model.</param>
public sealed record ModelSummary(
    string Folder, string Kind, string Architecture, IReadOnlyDictionary<string, long> Shape, long Parameters,
    IReadOnlyDictionary<string, long> ParametersByType, IReadOnlyList<string> Files, long Bytes, string? LanguageHead, string? RewardHead,
    string? HeadProblem, ModelSummary.TextSummary Texts, ModelSummary.AdapterSummary? Adapter)
{
    /// <summary>How texts become tokens.</summary>
    /// <param name="Tokenizer">The folder of the tokenizer; null: there is none.</param>
    /// <param name="Problem">Why there is none, or why it cannot be read.</param>
    /// <param name="Tokens">Its number of tokens.</param>
    /// <param name="Begin">The beginning-of-text token; null: none.</param>
    /// <param name="AddsBegin">Whether it is put before every text.</param>
    /// <param name="End">The end-of-text token; null: none.</param>
    /// <param name="Pad">The padding token; null: none.</param>
    /// <param name="ChatTemplate">Whether it has a chat template of its own.</param>
    /// <param name="Template">The template that the model was trained with; null: not noted.</param>
    /// <param name="MaxPromptTokens">The limit of prompts that it was trained with; null: not noted.</param>
    /// <param name="MaxResponseTokens">The limit of responses; null: not noted.</param>
    public sealed record TextSummary(
        string? Tokenizer, string? Problem, int? Tokens, string? Begin, bool AddsBegin, string? End, string? Pad, bool ChatTemplate,
        string? Template, int? MaxPromptTokens, int? MaxResponseTokens);

    /// <summary>An adapter.</summary>
    /// <param name="Base">The folder of its base; null: not found here.</param>
    /// <param name="BaseName">What its configuration names.</param>
    /// <param name="Rank">Its rank.</param>
    /// <param name="Alpha">Its alpha.</param>
    /// <param name="Dropout">Its dropout in training.</param>
    /// <param name="RankStabilized">Whether the scale is alpha over the root of the rank.</param>
    /// <param name="Targets">The layers that it changes, or the pattern that they fit.</param>
    public sealed record AdapterSummary(
        string? Base, string? BaseName, int Rank, double Alpha, double Dropout, bool RankStabilized, IReadOnlyList<string> Targets);

    /// <summary>Looks at a folder.</summary>
    /// <param name="folder">A model's folder, or an adapter's.</param>
    /// <exception cref="RewardKitException">It is neither, of an unknown architecture, or malformed.</exception>
    public static ModelSummary Of(string folder)
    {
        var adapter = Directory.Exists(folder) && AdapterFolder.Is(folder) ? AdapterConfig.Load(folder) : null;
        var below = adapter is null ? folder : Base(folder);
        // An adapter of other tools whose base is elsewhere is still worth a look.
        var own = File.Exists(Path.Combine(folder, ConfigFile.Name)) || adapter is null ? ConfigFile.Load(folder) : below is null ? null : ConfigFile.Load(below);
        var config = own?.Model();
        using var reader = SafetensorsReader.Open(adapter is null ? folder : Path.Combine(folder, AdapterFile.Name));
        var entries = reader.Entries.ToList();
        string[] files = adapter is null ? [.. SafetensorsReader.FilesIn(folder).Where(f => f.EndsWith(".safetensors", StringComparison.Ordinal))] : [AdapterFile.Name];
        var noted = own is null ? null : TextSettings.Read(own);
        var reward = Reward(reader, noted, adapter is not null);
        var problem = adapter is null && noted is { Labels: null, Pairs: null } ? Checkpoint.HeadRefusal(reader, own!, config!)?.Message : null;
        return new(
            folder, problem is not null ? "sequence classifier that is no reward model" : KindOf(adapter is not null, reward, noted), own?.Architectures.FirstOrDefault() ?? own?.Family().CausalModel ?? "not known without the base",
            config is null ? new Dictionary<string, long>() : Sizes(config), entries.Sum(e => e.Elements),
            new SortedDictionary<string, long>(entries.GroupBy(e => SafetensorsFormat.FromType(e.Type).Name).ToDictionary(g => g.Key, g => g.Sum(e => e.Elements)), StringComparer.Ordinal),
            files, files.Sum(file => new FileInfo(Path.Combine(folder, file)).Length), adapter is null ? Language(reader, config!) : null, reward,
            problem, Tokens(folder, below, noted),
            adapter is null ? null : new(
                below, adapter.Base, adapter.Options.Rank, adapter.Options.Alpha, adapter.Options.Dropout, adapter.Options.RankStabilized,
                adapter.Options.TargetPattern is { } pattern ? [pattern] : adapter.Options.Targets));
    }

    private static string? Base(string folder)
    {
        try
        {
            return AdapterFolder.BaseOf(folder, null);
        }
        catch (RewardKitException)
        {
            return null;
        }
    }

    private static string KindOf(bool adapter, string? reward, TextSettings? noted) =>
        (adapter ? "LoRA adapter of a " : "") + (noted?.Pairs is not null ? "pairwise preference model" : reward is not null ? "reward model" : "language model");

    private static SortedDictionary<string, long> Sizes(ModelConfig config) => new(StringComparer.Ordinal)
    {
        ["context"] = config.MaxPositionEmbeddings,
        ["heads"] = config.NumAttentionHeads,
        ["hidden"] = config.HiddenSize,
        ["intermediate"] = config.IntermediateSize,
        ["keyValueHeads"] = config.NumKeyValueHeads,
        ["layers"] = config.NumHiddenLayers,
        ["vocabulary"] = config.VocabSize,
    };

    private static string? Language(SafetensorsReader reader, ModelConfig config) =>
        config.TieWordEmbeddings ? "the embeddings" : reader.Find("lm_head.weight") is null ? null : "lm_head.weight";

    private static string? Reward(SafetensorsReader reader, TextSettings? noted, bool adapter)
    {
        if (noted?.Pairs is { } pairs) return $"the replies \"{pairs.First}\" and \"{pairs.Second}\" to a text with both responses";
        if (noted?.Labels is { } labels) return $"the logit of token {labels.FirstId} less that of token {labels.SecondId}";
        SafetensorsEntry? Find(string parameter) => reader.Find(adapter ? AdapterFile.NameOfHead(parameter) : parameter);
        if (Find($"{RewardHeads.First}.weight") is not { } score) return null;
        var further = Find($"{RewardHeads.Further}.weight") is { } extra
            ? $"; {extra.Name} {SafetensorsFormat.ShapeText(extra.Shape)} beside it, which training used and scores do not" : "";
        return $"{score.Name} {SafetensorsFormat.ShapeText(score.Shape)}, {(Find($"{RewardHeads.First}.bias") is null ? "no bias" : "with a bias")}{further}";
    }

    private static TextSummary Tokens(string folder, string? below, TextSettings? noted)
    {
        var (template, prompt, response) = (noted?.Template, noted?.MaxPromptTokens, noted?.MaxResponseTokens);
        try
        {
            var place = below is null ? folder : AdapterFolder.ForTexts(folder, null).Tokenizer;
            var tokenizer = Tokenizer.Load(place);
            string? Text(int? id) => id is { } token ? tokenizer.IdToToken(token) ?? $"token {token}" : null;
            return new(
                tokenizer.Folder, null, tokenizer.VocabSize, Text(tokenizer.BosId), tokenizer.AddsBos, Text(tokenizer.EosId), Text(tokenizer.PadId),
                tokenizer.HasChatTemplate, template, prompt, response);
        }
        catch (RewardKitException e)
        {
            return new(null, e.Message, null, null, false, null, null, false, template, prompt, response);
        }
    }
}
