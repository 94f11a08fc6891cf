using RewardKit.Models.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Models.Generation;

/// <summary>
/// Continues prompts, several at a time: when a row ends, the next prompt takes its place. A row gets what it would get
/// alone: on the CPU in float32, with up to 32 rows, from sums in the same order; else up to their rounding (some 1e-6 of a
/// logit), which can decide only between tokens that close.
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
        var rows = prompts.Select(_ => (Text: new System.Text.StringBuilder(), Ids: new List<int>(), LogProbs: new List<double>())).ToArray();
        var finish = new FinishReason[prompts.Count];
        foreach (var token in Stream(prompts, options, seeds))
        {
            cancellation.ThrowIfCancellationRequested();
            var row = rows[token.Row];
            row.Text.Append(token.Text);
            row.Ids.Add(token.Id);
            row.LogProbs.Add(token.LogProb);
            if (token.Finish is { } reason) finish[token.Row] = reason;
        }
        return [.. rows.Select((row, i) => new GeneratedText(row.Text.ToString(), row.Ids, row.LogProbs, finish[i]))];
    }

    /// <summary>
    /// Continues each prompt, token by token as they come: those of one row in order, those of several interleaved. The work is
    /// done as the tokens are asked for; leaving the loop early ends it and frees its memory.
    /// </summary>
    /// <param name="prompts">Prompts as token ids, each at least one.</param>
    /// <param name="options">How.</param>
    /// <param name="seeds">By prompt, the seed of its draws; null: <see cref="GenerationOptions.Seed"/> plus the prompt's number.</param>
    /// <exception cref="RewardKitException">A prompt does not fit the model, or an option makes no sense.</exception>
    public IEnumerable<GeneratedToken> Stream(IReadOnlyList<int[]> prompts, GenerationOptions options, IReadOnlyList<long>? seeds = null)
    {
        options.Checked(_model.Config.VocabSize);
        if (seeds is not null && seeds.Count != prompts.Count)
            throw RewardKitException.Input($"There are {prompts.Count} prompts and {seeds.Count} seeds; expected a seed for each prompt.");
        for (var i = 0; i < prompts.Count; i++) Check(prompts[i], i);
        return Run(prompts, options, seeds);
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

    private IEnumerable<GeneratedToken> Run(IReadOnlyList<int[]> prompts, GenerationOptions options, IReadOnlyList<long>? seeds)
    {
        if (prompts.Count == 0) yield break;
        var slots = new GeneratedRow?[Math.Min(_rows, prompts.Count)];
        using var cache = new KeyValueCache(_model, slots.Length);
        var next = 0;
        while (next < prompts.Count || slots.Any(row => row is not null))
        {
            var fresh = new List<int>();
            for (var slot = 0; slot < slots.Length && next < prompts.Count; slot++)
            {
                if (slots[slot] is not null) continue;
                cache.RollBack(slot, 0);
                slots[slot] = new(next, prompts[next], options, seeds?[next] ?? options.Seed + next, _tokenizer);
                fresh.Add(slot);
                next++;
            }
            if (fresh.Count > 0)
                foreach (var token in Begin(cache, slots, fresh, options))
                    yield return token;
            int[] running = [.. Enumerable.Range(0, slots.Length).Where(slot => slots[slot] is not null)];
            if (running.Length > 0)
                foreach (var token in Advance(cache, slots, running, [.. running], options))
                    yield return token;
        }
    }

    /// <summary>The first tokens of rows. Rows with the same prompt compute it once.</summary>
    private List<GeneratedToken> Begin(KeyValueCache cache, GeneratedRow?[] slots, List<int> fresh, GenerationOptions options)
    {
        var first = new Dictionary<string, int>();
        int[] source = [.. fresh.Select(slot =>
        {
            var key = string.Join(' ', slots[slot]!.Text);
            return first.TryAdd(key, slot) ? slot : first[key];
        })];
        return Advance(cache, slots, [.. fresh], source, options);
    }

    /// <summary>One more token for some rows.</summary>
    /// <param name="cache">Their keys and values.</param>
    /// <param name="slots">All rows.</param>
    /// <param name="rows">The rows that go on.</param>
    /// <param name="source">For each, the row that computes what it needs: itself, or one with the same text.</param>
    /// <param name="options">How.</param>
    private List<GeneratedToken> Advance(KeyValueCache cache, GeneratedRow?[] slots, int[] rows, int[] source, GenerationOptions options)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var computed = source.Distinct().Order().ToArray();
        var logits = Logits(cache, [.. slots.Select((row, slot) => computed.Contains(slot) ? row!.Unseen(cache.Lengths[slot]) : [])]);
        if (computed.Length < rows.Length)
        {
            for (var i = 0; i < rows.Length; i++)
                if (source[i] != rows[i]) cache.Copy(source[i], rows[i]);
            logits = logits.index_select(0, tensor([.. source.Select(slot => (long)Array.BinarySearch(computed, slot))], device: logits.device));
        }

        var ids = Choose(logits, [.. rows.Select(slot => slots[slot]!)]);
        var chosen = logits.gather(1, tensor(ids, device: logits.device).unsqueeze(1)).squeeze(1);
        var logProbs = (chosen - logits.logsumexp(-1)).cpu().data<float>().ToArray();
        if (logProbs.Any(float.IsNaN)) throw TokenSampler.NotNumbers();
        var tokens = new List<GeneratedToken>();
        for (var i = 0; i < rows.Length; i++)
        {
            var token = slots[rows[i]]!.Take((int)ids[i], logProbs[i], options, _ends, _model.Config.MaxPositionEmbeddings);
            if (token.Finish is not null) slots[rows[i]] = null;
            tokens.Add(token);
        }
        return tokens;
    }

    private Tensor Logits(KeyValueCache cache, int[][] tokens)
    {
        // On the CPU each prompt goes alone: matrix products round by their number of rows, and a text shall get the same bits
        // in any company. Steps of a token each have kernels that see to it.
        if (_model.Device.type != DeviceType.CPU || tokens.All(row => row.Length <= 1)) return _model.Next(cache, tokens);
        return cat([.. Enumerable.Range(0, tokens.Length).Where(row => tokens[row].Length > 0)
            .Select(row => _model.Next(cache, [.. tokens.Select((ids, other) => other == row ? ids : [])]))]);
    }

    private static long[] Choose(Tensor logits, GeneratedRow[] rows)
    {
        if (rows[0].Sampler.IsPlainGreedy) return logits.argmax(-1).cpu().data<long>().ToArray();
        var values = logits.cpu().data<float>().ToArray();
        var vocabulary = values.Length / rows.Length;
        return [.. rows.Select((row, i) => (long)row.Sampler.Next(values.AsSpan(i * vocabulary, vocabulary), row.Text))];
    }
}
