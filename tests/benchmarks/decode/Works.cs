using RewardKit.Models;
using RewardKit.Models.Tokenization;

namespace RewardKit.Benchmarks.Decode;

/// <summary>How texts are continued.</summary>
internal enum Rule
{
    /// <summary>By the base model alone.</summary>
    Plain,

    /// <summary>GenARM, arXiv:2410.08193: log-probabilities of the base and of one guide of its size, summed.</summary>
    Guided,

    /// <summary>ARGS, arXiv:2402.01694: of the base's most probable tokens the one with the best logit plus reward.</summary>
    Args,
}

/// <summary>Prompts of one length, continued side by side.</summary>
internal sealed record Work(Rule Rule, int Batch)
{
    public string Name => Rule == Rule.Plain ? $"batch-{Batch}" : $"{Rule.ToString().ToLowerInvariant()}-batch-{Batch}";
}

/// <summary>What both sides do; peer.py is told the same.</summary>
internal static class Works
{
    public const int PromptTokens = 32, NewTokens = 128, Candidates = 10;

    /// <summary>ARGS' weight of the reward.</summary>
    public const double RewardWeight = 1.5;

    /// <summary>Llamas with grouped queries.</summary>
    public static readonly (string Name, ModelConfig Config)[] Models =
    [
        ("10M", Llama(320, 864, 6, 5, 5, 4096)),
        ("100M", Llama(768, 2048, 12, 12, 4, 32000)),
    ];

    /// <summary>
    /// The works of a model. ARGS runs the reward model for ten times as many tokens, so it has few prompts, and as the largest
    /// batch only the smaller model.
    /// </summary>
    /// <param name="model">The model's name.</param>
    /// <param name="only">The rule that is wanted; empty for all.</param>
    public static Work[] Of(string model, string only) =>
    [
        // By batch, so that the runs that are compared with each other are near each other.
        .. from batch in (int[])[1, 8, 32]
           from rule in Enum.GetValues<Rule>()
           where only.Length == 0 || Enum.Parse<Rule>(only, ignoreCase: true) == rule
           where model == Models[0].Name ? rule != Rule.Args || batch < 32 : rule != Rule.Args && batch < 32
           select new Work(rule, batch),
    ];

    /// <summary>A text of <see cref="PromptTokens"/> words, each a token that all the models have.</summary>
    public static string Prompt(Tokenizer tokenizer, int row)
    {
        string[] words = [.. Enumerable.Range(0, Models.Min(model => model.Config.VocabSize))
            .Select(id => tokenizer.Decode([id])).Where(text => text.Length > 3 && text[0] == ' ' && text.Skip(1).All(char.IsAsciiLetterLower))];
        return string.Concat(Enumerable.Range(0, PromptTokens).Select(i => words[(row * 1009 + i * 7919 + 1) % words.Length]));
    }

    // Weights of some size, so that the most probable token stands out.
    private static ModelConfig Llama(int hidden, int inner, int layers, int heads, int keyHeads, int vocabulary) => new()
    {
        HiddenSize = hidden,
        IntermediateSize = inner,
        NumHiddenLayers = layers,
        NumAttentionHeads = heads,
        NumKeyValueHeads = keyHeads,
        VocabSize = vocabulary,
        InitializerRange = 0.1,
    };
}

/// <summary>A prompt is its words and nothing else.</summary>
internal sealed class BareTemplate : ChatTemplate
{
    public override string Name => "bare";

    public override bool AddsBeginToken => false;

    public override bool AppendsEndToken => false;

    public override string Render(Conversation conversation, bool addGenerationPrompt) => conversation.LastContent;

    public override string RenderPrompt(Conversation prompt) => prompt.LastContent;

    public override string RenderResponse(Conversation prompt, Conversation response) => response.LastContent;
}
