using System.Collections;
using RewardKit.Models.Tokenization;

namespace RewardKit.Training;

/// <summary>
/// Pairs with their tokens. Few are kept as they are; of many, only how many tokens each has is kept, and a pair is encoded
/// again whenever it is asked for, so that memory does not grow with the texts.
/// </summary>
internal sealed class EncodedPairs : IReadOnlyList<TokenPair>
{
    // 128 MB of them, and as much text again, with what holds it together.
    private const long TokensInMemory = 32_000_000;
    private readonly IReadOnlyList<PreferenceExample> _examples;
    private readonly Func<PreferenceExample, TokenPair> _encode;
    private readonly List<TokenPair>? _kept = [];
    private readonly List<int> _places = [];
    private readonly List<int> _tokens = [];
    private readonly List<(int Chosen, int Rejected)> _lastTurns = [];

    /// <summary>Encodes pairs, each once.</summary>
    /// <param name="examples">The pairs.</param>
    /// <param name="encoder">Turns text into tokens.</param>
    /// <param name="needs">What the loss reads: a pairwise model has both responses in one text.</param>
    /// <param name="tooLong">What happens to pairs that are longer than the encoder's limits.</param>
    /// <param name="tokensInMemory">How many tokens are kept, at most.</param>
    /// <exception cref="RewardKitException">Some are too long and that is refused, or no pair is left.</exception>
    public EncodedPairs(
        IReadOnlyList<PreferenceExample> examples, PairEncoder encoder, ForwardNeeds needs, TooLong tooLong = TooLong.Truncate, long tokensInMemory = TokensInMemory)
    {
        (_examples, _encode) = (examples, example => Encode(example, encoder, needs));
        var (sum, dropped) = (0L, 0);
        string? first = null;
        foreach (var (place, example) in examples.Index())
        {
            var pair = _encode(example);
            if (pair.TooLong && tooLong != TooLong.Truncate)
            {
                dropped++;
                first ??= example.Id;
                continue;
            }
            _places.Add(place);
            _tokens.Add(pair.Tokens);
            _lastTurns.Add((pair.Chosen.LastTurn, pair.Rejected.LastTurn));
            if (pair.Prompt.Truncated) TruncatedPrompts++;
            if (pair.Chosen.Truncated) TruncatedResponses++;
            if (pair.Rejected.Truncated) TruncatedResponses++;
            if ((sum += pair.Tokens) > tokensInMemory) _kept = null;
            _kept?.Add(pair);
        }
        if (dropped == 0) return;
        var count = $"{dropped} of {examples.Count} training pairs have more than {encoder.MaxPromptTokens} tokens in the prompt or {encoder.MaxResponseTokens} in a response";
        if (tooLong == TooLong.Refuse)
            throw RewardKitException.Input($"{count}, first {first}. Raise the limits, or truncate or drop them (tooLong).");
        if (Count == 0) throw RewardKitException.Input($"There is nothing to train on: {count} and are dropped.");
    }

    /// <inheritdoc/>
    public int Count => _places.Count;

    /// <summary>Prompts that were cut to the encoder's limits.</summary>
    public int TruncatedPrompts { get; }

    /// <summary>Responses that were.</summary>
    public int TruncatedResponses { get; }

    /// <inheritdoc/>
    public TokenPair this[int index] => _kept?[index] ?? _encode(_examples[_places[index]]);

    /// <summary>Some of them.</summary>
    public TokenPair[] At(int[] indices) => [.. indices.Select(i => this[i])];

    /// <summary>The number of tokens that the model computes for a pair; asked without encoding it again.</summary>
    public int Tokens(int index) => _tokens[index];

    /// <summary>What an optimiser step over some of them has in all; told without encoding them again.</summary>
    public StepTotals Totals(IEnumerable<int> indices)
    {
        int[] lengths = [.. indices.SelectMany(i => (int[])[_lastTurns[i].Chosen, _lastTurns[i].Rejected])];
        return new(lengths.Length / 2, lengths.Count(length => length > 0), lengths.Sum(length => (long)length));
    }

    /// <inheritdoc/>
    public IEnumerator<TokenPair> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static TokenPair Encode(PreferenceExample e, PairEncoder encoder, ForwardNeeds needs)
    {
        if (!needs.HasFlag(ForwardNeeds.Preferences))
            return new(e, encoder.EncodePrompt(e.Prompt), encoder.EncodeResponse(e.Prompt, e.Chosen), encoder.EncodeResponse(e.Prompt, e.Rejected));
        var text = encoder.EncodePair(e.Prompt, e.Chosen, e.Rejected);
        return new(e, text.Context, text.First, text.Second) { Text = text };
    }
}
