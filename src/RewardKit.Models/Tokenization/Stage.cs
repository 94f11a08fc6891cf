namespace RewardKit.Models.Tokenization;

/// <summary>
/// A step on the way from normalised text to ids. Pre-tokenizers cut what they get and hand each piece to the next
/// stage; the last stage is the model. No stage keeps anything of a text.
/// </summary>
internal abstract class Stage
{
    /// <summary>Encodes a piece.</summary>
    /// <param name="text">The piece.</param>
    /// <param name="atStart">Whether it begins the whole text.</param>
    /// <param name="ids">Where the ids go.</param>
    public abstract void Run(ReadOnlySpan<char> text, bool atStart, List<int> ids);
}
