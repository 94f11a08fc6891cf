namespace RewardKit;

/// <summary>A response to judge.</summary>
/// <param name="Prompt">What it answers.</param>
/// <param name="Response">The response.</param>
public readonly record struct ScoreRequest(Conversation Prompt, Conversation Response);

/// <summary>
/// Anything that gives a response a reward: a trained model, an ensemble, a rule. The reward of a response depends on
/// its prompt and itself only, never on the other requests.
/// </summary>
public interface IScorer
{
    /// <summary>A name for messages and reports.</summary>
    string Name { get; }

    /// <summary>Scores each request.</summary>
    /// <param name="requests">The responses.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>One reward a request, in their order, float32 precision or wider.</returns>
    IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default);
}

/// <summary>The rewards of a pair's two responses.</summary>
/// <param name="Chosen">Reward of the chosen response.</param>
/// <param name="Rejected">Reward of the rejected one.</param>
public readonly record struct PairScore(double Chosen, double Rejected)
{
    /// <summary>Reward of the chosen response minus that of the rejected one.</summary>
    public double Margin => Chosen - Rejected;
}

/// <summary>Common uses of a scorer.</summary>
public static class ScorerExtensions
{
    /// <summary>Scores both responses of each pair.</summary>
    /// <param name="scorer">The scorer.</param>
    /// <param name="pairs">The pairs.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>One pair of rewards an example, in their order.</returns>
    public static IReadOnlyList<PairScore> ScorePairs(
        this IScorer scorer, IReadOnlyList<PreferenceExample> pairs, CancellationToken cancellation = default)
    {
        var requests = new ScoreRequest[pairs.Count * 2];
        for (var i = 0; i < pairs.Count; i++)
        {
            requests[2 * i] = new(pairs[i].Prompt, pairs[i].Chosen);
            requests[2 * i + 1] = new(pairs[i].Prompt, pairs[i].Rejected);
        }
        var scores = scorer.Score(requests, cancellation);
        return [.. pairs.Select((_, i) => new PairScore(scores[2 * i], scores[2 * i + 1]))];
    }
}
