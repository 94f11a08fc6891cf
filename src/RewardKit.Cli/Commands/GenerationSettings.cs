using System.CommandLine;
using RewardKit.Hosting.Experiments;

namespace RewardKit.Cli.Commands;

/// <summary>The options of commands that have a model write: what steers it, and how it chooses tokens.</summary>
internal sealed class GenerationSettings
{
    private readonly Option<string?> _decoder = new Option<string?>("--decoder") { Description = "The id of an installed decoder plugin, which steers.", HelpName = "ID" }.OfPlugins(PluginKind.Decoder);
    private readonly Option<string[]> _guides = Many("--guide", "A model that the decoder steers with, and its weight (1 if left out). May be repeated.", "FOLDER=WEIGHT");
    private readonly Option<string?> _reward = new("--reward") { Description = "A reward model that the decoder steers with, and its weight.", HelpName = "FOLDER=WEIGHT" };
    private readonly Option<string?> _baseline = new("--baseline-reward") { Description = "The reward model that the base is aligned to, for a decoder that asks for it.", HelpName = "FOLDER" };
    private readonly Option<string[]> _set = Many("--set", "An option of the decoder. May be repeated.", "NAME=VALUE");
    private readonly Option<int> _maxTokens = Number("--max-tokens", "The most tokens of a text.", 256);
    private readonly Option<double> _temperature = Number("--temperature", "0 takes the most probable token; 1 samples as the model says.", 0.0);
    private readonly Option<int> _topK = Number("--top-k", "Sample among the most probable tokens only; 0: all.", 0);
    private readonly Option<double> _topP = Number("--top-p", "Sample among the most probable tokens that sum to this; 1: all.", 1.0);
    private readonly Option<double> _penalty = Number("--repetition-penalty", "Above 1, tokens that were there already become less probable.", 1.0);
    private readonly Option<string[]> _stop = Many("--stop", "A text ends before this string. May be repeated.", "TEXT");
    private readonly Option<int> _seed;

    /// <summary>The options.</summary>
    /// <param name="seed">What the seed decides.</param>
    public GenerationSettings(string seed) => _seed = Number("--seed", seed, 0);

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _decoder, _guides, _reward, _baseline, _set, _maxTokens, _temperature, _topK, _topP, _penalty, _stop, _seed })
            command.Options.Add(option);
    }

    /// <summary>How tokens are chosen.</summary>
    public GenerationOptions Options(ParseResult parsed) => new()
    {
        MaxTokens = parsed.GetValue(_maxTokens),
        Temperature = parsed.GetValue(_temperature),
        TopK = parsed.GetValue(_topK),
        TopP = parsed.GetValue(_topP),
        RepetitionPenalty = parsed.GetValue(_penalty),
        StopStrings = parsed.GetRequiredValue(_stop),
        Seed = parsed.GetValue(_seed),
    };

    /// <summary>What steers; null for nothing.</summary>
    /// <exception cref="RewardKitException">Something is for a decoder, and none is named.</exception>
    public SteeringUse? Steering(ParseResult parsed)
    {
        var (guides, reward, baseline, set) = (parsed.GetRequiredValue(_guides), parsed.GetValue(_reward), parsed.GetValue(_baseline), parsed.GetRequiredValue(_set));
        if (parsed.GetValue(_decoder) is { } decoder) return new(decoder, set, guides, reward, baseline);
        return guides.Length == 0 && reward is null && baseline is null && set.Length == 0 ? null
            : throw RewardKitException.Input("--guide, --reward, --baseline-reward and --set are for a decoder: name one with --decoder.");
    }

    private static Option<string[]> Many(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value, DefaultValueFactory = _ => [] };

    private static Option<T> Number<T>(string name, string description, T otherwise) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => otherwise };
}

/// <summary>What steers a model: a decoder plugin with its options, and the models that it steers with as <c>FOLDER=WEIGHT</c>.</summary>
internal sealed record SteeringUse(string Decoder, string[] Set, string[] Guides, string? Reward, string? Baseline);
