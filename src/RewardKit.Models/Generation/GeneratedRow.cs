using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Generation;

/// <summary>A text that is being generated.</summary>
internal sealed class GeneratedRow(int number, int[] prompt, GenerationOptions options, long seed, Tokenizer tokenizer)
{
    private readonly List<int> _text = [.. prompt];
    private readonly TextStream _stream = new(tokenizer, prompt, options.StopStrings);

    /// <summary>Prompt and text so far.</summary>
    public IReadOnlyList<int> Text => _text;

    public TokenSampler Sampler { get; } = new(options, seed);

    /// <summary>The tokens beyond those that a cache has.</summary>
    public int[] Unseen(int seen) => [.. _text[seen..]];

    /// <summary>Adds a token.</summary>
    public GeneratedToken Take(int id, double logProb, GenerationOptions options, HashSet<int> ends, int context)
    {
        _text.Add(id);
        var stop = options.StopTokens.Contains(id) || !options.IgnoreEndTokens && ends.Contains(id);
        var piece = stop ? "" : _stream.Add(id);
        FinishReason? finish = stop ? FinishReason.StopToken
            : _stream.Stopped ? FinishReason.StopString
            : _text.Count - prompt.Length >= options.MaxTokens ? FinishReason.MaxTokens
            : _text.Count >= context ? FinishReason.ContextFull
            : null;
        if (finish is null or FinishReason.StopString) return new(number, id, logProb, piece, finish);
        piece += _stream.End();
        // The end may bring a stop string to light whose last character was not whole before.
        return new(number, id, logProb, piece, _stream.Stopped ? FinishReason.StopString : finish);
    }
}
