using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>
/// Continues prompts, several at a time: when a row ends, the next prompt takes its place. A row gets what it would get
/// alone: on the CPU in float32 and float64 from sums in the same order, but for models with GELU, whose rounding depends on
/// the rows; else up to rounding (some 1e-6 of a logit), which can decide only between tokens that close.
/// </summary>
public sealed class TextGenerator
{
    private readonly CausalModel _model;
    private readonly Tokenizer _tokenizer;
    private readonly HashSet<int> _ends;
    private readonly int _rows;

    /// <summary>Makes a generator.</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="tokenizer">Its tokenizer, for text and stop strings.</param>
    /// <param name="endTokens">The tokens with which a text ends.</param>
    /// <param name="rows">How many prompts at a time.</param>
    /// <exception cref="RewardKitException">The model has no language-model head.</exception>
    public TextGenerator(CausalModel model, Tokenizer tokenizer, IEnumerable<int> endTokens, int rows = 32)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        model.NeedHead();
        (_model, _tokenizer, _ends, _rows) = (model, tokenizer, [.. endTokens], rows);
    }

    /// <summary>Continues each prompt.</summary>
    /// <param name="prompts">Prompts as token ids, each at least one.</param>
    /// <param name="options">How.</param>
    /// <param name="seeds">By prompt, the seed of its draws; null: <see cref="GenerationOptions.Seed"/> plus the prompt's number.</param>
    /// <param name="cancellation">Ends the work between two tokens.</param>
    /// <returns>By prompt, what was generated.</returns>
    /// <exception cref="RewardKitException">A prompt does not fit the model, or an option makes no sense.</exception>
    public IReadOnlyList<GeneratedText> Generate(
        IReadOnlyList<int[]> prompts, GenerationOptions options, IReadOnlyList<long>? seeds = null, CancellationToken cancellation = default)
    {
        var rows = new GeneratedRow[prompts.Count];
        foreach (var _ in Begin(prompts, options, seeds, rows)) cancellation.ThrowIfCancellationRequested();
        return [.. rows.Select(row => row.Result())];
    }

    /// <summary>
    /// Continues each prompt, token by token as they come: those of one row in order, those of several interleaved. The work is
    /// done as the tokens are asked for; leaving the loop early ends it and frees its memory.
    /// </summary>
    /// <param name="prompts">Prompts as token ids, each at least one.</param>
    /// <param name="options">How.</param>
    /// <param name="seeds">By prompt, the seed of its draws; null: <see cref="GenerationOptions.Seed"/> plus the prompt's number.</param>
    /// <exception cref="RewardKitException">A prompt does not fit the model, or an option makes no sense.</exception>
    public IEnumerable<GeneratedToken> Stream(IReadOnlyList<int[]> prompts, GenerationOptions options, IReadOnlyList<long>? seeds = null) =>
        Begin(prompts, options, seeds, new GeneratedRow[prompts.Count]);

    private IEnumerable<GeneratedToken> Begin(
        IReadOnlyList<int[]> prompts, GenerationOptions options, IReadOnlyList<long>? seeds, GeneratedRow[] rows)
    {
        options.Checked(_model.Config.VocabSize);
        if (seeds is not null && seeds.Count != prompts.Count)
            throw RewardKitException.Input($"There are {prompts.Count} prompts and {seeds.Count} seeds; expected a seed for each prompt.");
        for (var i = 0; i < prompts.Count; i++) Check(prompts[i], i);
        return Run(prompts, options, seeds, rows);
    }

    private void Check(int[] prompt, int number)
    {
        var (vocabulary, context) = (_model.Config.VocabSize, _model.Config.MaxPositionEmbeddings);
        if (prompt.Length == 0)
            throw RewardKitException.Input($"Prompt {number} has no tokens: give it a text, or a token that begins texts.");
        if (prompt.Length >= context)
            throw RewardKitException.Input($"Prompt {number} has {prompt.Length} tokens, and the model's context is {context}: shorten it to leave room for a text.");
        foreach (var id in prompt)
            if (id < 0 || id >= vocabulary)
                throw RewardKitException.Input($"Prompt {number} has the token {id}, which is not in the model's vocabulary of {vocabulary}.");
    }

    private IEnumerable<GeneratedToken> Run(IReadOnlyList<int[]> prompts, GenerationOptions options, IReadOnlyList<long>? seeds, GeneratedRow[] rows)
    {
        if (prompts.Count == 0) yield break;
        using var model = new ModelRows(_model, Math.Min(_rows, prompts.Count));
        var loop = new TokenLoop(Math.Min(_rows, prompts.Count), model.Take, _ends, (_, places) => TokenChoice.Of(model.Next(places)));
        var next = 0;
        while (next < prompts.Count || loop.Runs)
        {
            while (next < prompts.Count && loop.Free is { } place)
            {
                var (prompt, number) = (prompts[next], next++);
                model.Begin(place, prompt);
                var room = _model.Config.MaxPositionEmbeddings - prompt.Length;
                loop.Begin(place, rows[number] = new(number, prompt, room, options, seeds?[number] ?? options.Seed + number, _tokenizer));
            }
            foreach (var token in loop.Step()) yield return token;
        }
    }
}
