using System.Text;
using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Generation;

/// <summary>A text that is being generated.</summary>
/// <param name="number">Which of the prompts it continues.</param>
/// <param name="prompt">The prompt, as the model that is decoded from sees it.</param>
/// <param name="room">The most tokens that fit the models' contexts.</param>
/// <param name="options">How it is generated.</param>
/// <param name="seed">Decides its draws.</param>
/// <param name="tokenizer">Turns it into text.</param>
internal sealed class GeneratedRow(int number, IReadOnlyList<int> prompt, int room, GenerationOptions options, long seed, Tokenizer tokenizer)
{
    private readonly List<int> _seen = [.. prompt];
    private readonly List<int> _ids = [];
    private readonly List<double> _logProbs = [];
    private readonly StringBuilder _text = new();
    private readonly TextStream _stream = new(tokenizer, [.. prompt], options.StopStrings);
    private FinishReason? _finish;
    private double? _divergence;

    /// <summary>Which of the prompts it continues.</summary>
    public int Number => number;

    /// <summary>Prompt and text so far.</summary>
    public IReadOnlyList<int> Seen => _seen;

    /// <summary>The tokens so far.</summary>
    public IReadOnlyList<int> Ids => _ids;

    /// <summary>How many tokens still fit.</summary>
    public int Room => room - _ids.Count;

    /// <summary>Whether it has ended.</summary>
    public bool IsOver => _finish is not null;

    public TokenSampler Sampler { get; } = new(options, seed);

    /// <summary>A seed for what goes on from here apart: another one at each place and for each number.</summary>
    public long SeedOf(int continuation) => unchecked((seed * 1_000_003 + _ids.Count) * 8_191 + continuation + 1);

    /// <summary>What there is, when it is over.</summary>
    public GeneratedText Result() => new(_text.ToString(), _ids, _logProbs, _finish!.Value) { Divergence = _divergence };

    /// <summary>Adds how far a step lay from the reference.</summary>
    public void Diverge(double step) => _divergence = (_divergence ?? 0) + step;

    /// <summary>Adds a token.</summary>
    /// <param name="id">The token.</param>
    /// <param name="logProb">Its log-probability.</param>
    /// <param name="ends">The models' own end tokens.</param>
    public GeneratedToken Take(int id, double logProb, HashSet<int> ends)
    {
        _seen.Add(id);
        _ids.Add(id);
        _logProbs.Add(logProb);
        var stop = options.StopTokens.Contains(id) || !options.IgnoreEndTokens && ends.Contains(id);
        var piece = stop ? "" : _stream.Add(id);
        _finish = stop ? FinishReason.StopToken
            : _stream.Stopped ? FinishReason.StopString
            : _ids.Count >= options.MaxTokens ? FinishReason.MaxTokens
            : Room <= 0 ? FinishReason.ContextFull
            : null;
        if (_finish is not (null or FinishReason.StopString))
        {
            piece += _stream.End();
            // The end may bring a stop string to light whose last character was not whole before.
            if (_stream.Stopped) _finish = FinishReason.StopString;
        }
        _text.Append(piece);
        return new(number, id, logProb, piece, _finish);
    }
}
