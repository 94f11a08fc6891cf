namespace RewardKit;

/// <summary>
/// What a loss reads from the forward pass. The host computes just these, in one pass. A loss that reads something it
/// did not ask for gets an exception that names it.
/// </summary>
[Flags]
public enum ForwardNeeds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The scalar head at the last real token: <see cref="PairForward.Rewards"/>.</summary>
    Rewards = 1,

    /// <summary>Summed log-probabilities of the response tokens: <see cref="PairForward.ResponseLogProbs"/>.</summary>
    ResponseLogProbs = 2,

    /// <summary>
    /// The same under the frozen starting checkpoint: <see cref="PairForward.ReferenceLogProbs"/>. The host computes
    /// them once per text, without gradient.
    /// </summary>
    ReferenceLogProbs = 4,

    /// <summary>The final hidden state at the last real token: <see cref="PairForward.Features"/>.</summary>
    Features = 8,

    /// <summary>
    /// All outputs of the head, and its weights: <see cref="PairForward.HeadRewards"/> and <see cref="PairForward.HeadWeights"/>.
    /// </summary>
    Heads = 16,

    /// <summary>
    /// What the model replies when it is shown both responses in one text and asked which is better:
    /// <see cref="PairForward.Preferences"/>. This is the pairwise form of a reward model; it has no scalar head, so nothing
    /// else can be asked for beside it but <see cref="TiePreference"/>.
    /// </summary>
    Preferences = 32,

    /// <summary>That it replies that neither is: <see cref="PairForward.TiePreference"/>. Goes with <see cref="Preferences"/>.</summary>
    TiePreference = 64,

    /// <summary>
    /// Summed log-probabilities of the tokens of each response's last turn, where it has more than one:
    /// <see cref="PairForward.LastTurnLogProbs"/>.
    /// </summary>
    LastTurnLogProbs = 128,

    /// <summary>The scalar head at every token of the responses: <see cref="PairForward.TokenRewards"/>.</summary>
    TokenRewards = 256,

    /// <summary>The scalar head at the ends of labelled steps: <see cref="PairForward.StepRewards"/>.</summary>
    StepRewards = 512,
}
