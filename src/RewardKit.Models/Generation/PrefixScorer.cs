using RewardKit.Models.Tokenization;

namespace RewardKit.Models.Generation;

/// <summary>A reward model that scores responses as they grow, without an end token.</summary>
/// <param name="name">A name for messages.</param>
/// <param name="model">The reward model; stays the caller's.</param>
/// <param name="encoder">How prompts become its tokens.</param>
public sealed class PrefixScorer(string name, RewardModel model, PairEncoder encoder) : IPrefixScorer
{
    /// <inheritdoc/>
    public string Name => name;

    /// <summary>The reward model.</summary>
    public RewardModel Model => model;

    /// <summary>How prompts become its tokens.</summary>
    public PairEncoder Encoder => encoder;
}
