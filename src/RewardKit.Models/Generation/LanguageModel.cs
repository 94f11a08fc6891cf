using System.Text.Json;
using System.Text.Json.Nodes;
using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>
/// A language model with its tokenizer, ready to continue texts and to answer conversations:
/// <c>LanguageModel.Load(folder).Generate(["Once upon a time"], new())</c>.
/// </summary>
public sealed class LanguageModel : ILanguageModel, IDisposable
{
    private readonly TextGenerator _generator;

    /// <summary>Puts a model together with its tokenizer.</summary>
    /// <param name="name">A name for messages.</param>
    /// <param name="model">The model; disposed with this.</param>
    /// <param name="encoder">How conversations become its tokens.</param>
    /// <param name="endTokens">The tokens with which a text ends.</param>
    /// <param name="rows">How many prompts are continued at a time.</param>
    /// <exception cref="RewardKitException">The model has no language-model head.</exception>
    public LanguageModel(string name, CausalModel model, PairEncoder encoder, IReadOnlyList<int> endTokens, int rows = 32)
    {
        (Name, Model, Encoder, EndTokens) = (name, model, encoder, endTokens);
        _generator = new(model, encoder.Tokenizer, endTokens, rows);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>The model.</summary>
    public CausalModel Model { get; }

    /// <summary>How conversations become the model's tokens.</summary>
    public PairEncoder Encoder { get; }

    /// <summary>
    /// The tokens with which a text ends: <c>eos_token_id</c> of <c>generation_config.json</c>, or of <c>config.json</c> where
    /// that says nothing, and the tokenizer's.
    /// </summary>
    public IReadOnlyList<int> EndTokens { get; }

    /// <summary>Loads a folder in Hugging Face's layout.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="device">Where the weights go; null: the CPU.</param>
    /// <param name="dtype">The weights' type, as <see cref="ModelSpec.Dtype"/>.</param>
    /// <param name="rows">How many prompts are continued at a time.</param>
    /// <exception cref="RewardKitException">It is no language model of a known architecture, or has no tokenizer.</exception>
    public static LanguageModel Load(string folder, Device? device = null, string? dtype = null, int rows = 32)
    {
        var spec = new ModelSpec { Folder = folder, Dtype = dtype };
        var encoder = PairEncoder.Create(spec);
        var ends = EndTokensOf(folder, encoder.Tokenizer);
        return new(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), CausalModel.Create(spec, 0, device), encoder, ends, rows);
    }

    /// <summary>Continues texts, each after the special tokens with which the tokenizer begins one.</summary>
    /// <param name="prompts">The texts.</param>
    /// <param name="options">How.</param>
    /// <param name="seeds">By prompt, the seed of its draws; null: <see cref="GenerationOptions.Seed"/> plus the prompt's number.</param>
    /// <returns>By prompt, what was generated.</returns>
    /// <exception cref="RewardKitException">A prompt does not fit the model, or an option makes no sense.</exception>
    public IReadOnlyList<GeneratedText> Generate(IReadOnlyList<string> prompts, GenerationOptions options, IReadOnlyList<long>? seeds = null) =>
        _generator.Generate(Encode(prompts), options, seeds);

    /// <summary>Answers conversations, by the chat template.</summary>
    /// <param name="prompts">The turns before the answer.</param>
    /// <param name="options">How.</param>
    /// <param name="seeds">By prompt, the seed of its draws; null: <see cref="GenerationOptions.Seed"/> plus the prompt's number.</param>
    /// <returns>By prompt, what was generated.</returns>
    /// <exception cref="RewardKitException">A prompt does not fit the model, or an option makes no sense.</exception>
    public IReadOnlyList<GeneratedText> Generate(IReadOnlyList<Conversation> prompts, GenerationOptions options, IReadOnlyList<long>? seeds = null) =>
        _generator.Generate(Encode(prompts), options, seeds);

    /// <summary>Continues token ids.</summary>
    /// <param name="prompts">The ids, each prompt at least one.</param>
    /// <param name="options">How.</param>
    /// <param name="seeds">By prompt, the seed of its draws; null: <see cref="GenerationOptions.Seed"/> plus the prompt's number.</param>
    /// <returns>By prompt, what was generated.</returns>
    /// <exception cref="RewardKitException">A prompt does not fit the model, or an option makes no sense.</exception>
    public IReadOnlyList<GeneratedText> Generate(IReadOnlyList<int[]> prompts, GenerationOptions options, IReadOnlyList<long>? seeds = null) =>
        _generator.Generate(prompts, options, seeds);

    /// <summary>Continues texts token by token, as <see cref="TextGenerator.Stream"/>.</summary>
    /// <param name="prompts">The texts.</param>
    /// <param name="options">How.</param>
    /// <param name="seeds">As for <see cref="Generate(IReadOnlyList{string}, GenerationOptions, IReadOnlyList{long}?)"/>.</param>
    /// <exception cref="RewardKitException">A prompt does not fit the model, or an option makes no sense.</exception>
    public IEnumerable<GeneratedToken> Stream(IReadOnlyList<string> prompts, GenerationOptions options, IReadOnlyList<long>? seeds = null) =>
        _generator.Stream(Encode(prompts), options, seeds);

    /// <summary>Answers conversations token by token, as <see cref="TextGenerator.Stream"/>.</summary>
    /// <param name="prompts">The turns before the answer.</param>
    /// <param name="options">How.</param>
    /// <param name="seeds">As for <see cref="Generate(IReadOnlyList{Conversation}, GenerationOptions, IReadOnlyList{long}?)"/>.</param>
    /// <exception cref="RewardKitException">A prompt does not fit the model, or an option makes no sense.</exception>
    public IEnumerable<GeneratedToken> Stream(IReadOnlyList<Conversation> prompts, GenerationOptions options, IReadOnlyList<long>? seeds = null) =>
        _generator.Stream(Encode(prompts), options, seeds);

    /// <summary>Continues token ids token by token, as <see cref="TextGenerator.Stream"/>.</summary>
    /// <param name="prompts">The ids, each prompt at least one.</param>
    /// <param name="options">How.</param>
    /// <param name="seeds">As for <see cref="Generate(IReadOnlyList{int[]}, GenerationOptions, IReadOnlyList{long}?)"/>.</param>
    /// <exception cref="RewardKitException">A prompt does not fit the model, or an option makes no sense.</exception>
    public IEnumerable<GeneratedToken> Stream(IReadOnlyList<int[]> prompts, GenerationOptions options, IReadOnlyList<long>? seeds = null) =>
        _generator.Stream(prompts, options, seeds);

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();

    private int[][] Encode(IReadOnlyList<string> prompts) => [.. prompts.Select(Encoder.Tokenizer.EncodeWithSpecialTokens)];

    private int[][] Encode(IReadOnlyList<Conversation> prompts) => [.. prompts.Select(EncodePrompt)];

    /// <summary>A prompt to answer as the model's tokens: whole, where training would cut it to leave room for its responses.</summary>
    /// <param name="prompt">The turns before the answer.</param>
    /// <exception cref="RewardKitException">It leaves no room for an answer.</exception>
    public int[] EncodePrompt(Conversation prompt) => PromptToAnswer.Encode(Name, Model, Encoder, prompt);

    /// <summary>The tokens with which the texts of a model in a folder end: <see cref="EndTokens"/>.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <exception cref="RewardKitException">A file there says it in a way that cannot be read.</exception>
    public static IReadOnlyList<int> EndTokensOf(string folder, Tokenizer tokenizer)
    {
        var named = new[] { "generation_config.json", ConfigFile.Name }
            .Select(name => Path.Combine(folder, name)).Where(File.Exists)
            .Select(Read).FirstOrDefault(ids => ids.Length > 0) ?? [];
        return named.Concat(tokenizer.EosId is { } end ? [end] : []).Distinct().ToArray();

        static int[] Read(string path)
        {
            try
            {
                return JsonNode.Parse(File.ReadAllBytes(path))?["eos_token_id"] switch
                {
                    null => [],
                    JsonArray list => [.. list.Select(id => id!.GetValue<int>())],
                    var id => [id.GetValue<int>()],
                };
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or NullReferenceException)
            {
                throw RewardKitException.Input($"{path}: eos_token_id is not readable; expected a token id or a list of them. ({e.Message})", e);
            }
        }
    }
}
