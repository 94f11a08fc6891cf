namespace RewardKit;

/// <summary>A reward at a place in a response.</summary>
/// <param name="End">The place: so many characters of the response's last turn lie before it, 0 to its length.</param>
/// <param name="Reward">The reward there.</param>
public readonly record struct PlacedReward(int End, double Reward);

/// <summary>
/// A scorer that gives rewards at places in a response, and makes its own of them: a process reward model at the end of each step, an
/// aspect at the end of each sentence.
/// </summary>
public interface IStepScorer : IScorer
{
    /// <summary>Gives the rewards within each response.</summary>
    /// <param name="requests">The responses.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>For each request its places in their order, none twice; none at all where it has nothing to say.</returns>
    IReadOnlyList<IReadOnlyList<PlacedReward>> ScoreSteps(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default);
}
