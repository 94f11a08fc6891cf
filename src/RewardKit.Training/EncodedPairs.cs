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
    private readonly List<int> _labels = [];

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
            _labels.Add(pair.ChosenLabels.Count + pair.RejectedLabels.Count);
            if (pair.Prompt.Truncated) TruncatedPrompts++;
            if (pair.Chosen.Truncated) TruncatedResponses++;
            if (pair.Rejected.Truncated) TruncatedResponses++;
            if ((sum += pair.Tokens) > tokensInMemory) _kept = null;
            _kept?.Add(pair);
        }
        if (needs.HasFlag(ForwardNeeds.StepRewards) && examples.Count > 0 && _labels.All(count => count == 0))
            throw RewardKitException.Input(
                $"This loss learns from labels of steps, and none of the {examples.Count} pairs has one that the model sees. Name data with labels of steps "
                + "(Data.pairs of a file with \"prompt\", \"completions\" and \"labels\", or of graded solutions), or raise maxResponseTokens.");
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
        int[] places = [.. indices];
        int[] lengths = [.. places.SelectMany(i => (int[])[_lastTurns[i].Chosen, _lastTurns[i].Rejected])];
        return new(places.Length, lengths.Count(length => length > 0), lengths.Sum(length => (long)length)) { StepLabels = places.Sum(i => (long)_labels[i]) };
    }

    /// <inheritdoc/>
    public IEnumerator<TokenPair> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static TokenPair Encode(PreferenceExample e, PairEncoder encoder, ForwardNeeds needs)
    {
        if (!needs.HasFlag(ForwardNeeds.Preferences))
        {
            var labelled = needs.HasFlag(ForwardNeeds.StepRewards);
            return new(e, encoder.EncodePrompt(e.Prompt), encoder.EncodeResponse(e.Prompt, e.Chosen), encoder.EncodeResponse(e.Prompt, e.Rejected))
            {
                ChosenLabels = labelled ? Labels(e, e.Chosen, e.ChosenSteps, encoder) : [],
                RejectedLabels = labelled ? Labels(e, e.Rejected, e.RejectedSteps, encoder) : [],
            };
        }
        var text = encoder.EncodePair(e.Prompt, e.Chosen, e.Rejected);
        return new(e, text.Context, text.First, text.Second) { Text = text };
    }

    // Of labels that end in one token the last counts: it knows more.
    private static TokenLabel[] Labels(PreferenceExample e, Conversation response, StepLabels? labels, PairEncoder encoder)
    {
        if (labels is null) return [];
        if (labels.Count > 0 && labels[^1].End > response.LastContent.Length)
            throw RewardKitException.Input($"The pair {e.Id} has a label at {labels[^1].End} of a response of {response.LastContent.Length} characters: its text was changed without its labels.");
        var tokens = encoder.TokensAt(e.Prompt, response, [.. labels.Select(label => label.End)]);
        return [.. tokens.Zip(labels, (token, label) => new TokenLabel(token, label.Right)).Where(label => label.Token >= 0).GroupBy(label => label.Token).Select(same => same.Last())];
    }
}
