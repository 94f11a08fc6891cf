namespace RewardKit;

/// <summary>A language model that says how likely it is to give a response. Called by one thread at a time.</summary>
public interface IPolicy
{
    /// <summary>A name for messages.</summary>
    string Name { get; }

    /// <summary>
    /// The log-probability of each response given its prompt. The host computes each once and keeps it by its content; requests
    /// with the same prompt, one after the other, share the prompt's computation.
    /// </summary>
    /// <param name="requests">The responses.</param>
    /// <param name="cancellation">Stops between prompts; what is computed by then is kept.</param>
    /// <returns>One a request, in their order.</returns>
    IReadOnlyList<ResponseLogProb> LogProbs(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default);
}

/// <summary>How likely a response is.</summary>
/// <param name="LogProb">Its natural log-probability, summed over its tokens, the end-of-text token among them.</param>
/// <param name="Tokens">How many tokens these are, after any truncation.</param>
public readonly record struct ResponseLogProb(double LogProb, int Tokens)
{
    /// <summary>The mean log-probability of a token; 0 for a response without tokens.</summary>
    public double PerToken => Tokens == 0 ? 0 : LogProb / Tokens;
}
