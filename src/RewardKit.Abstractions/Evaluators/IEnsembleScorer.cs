namespace RewardKit;

/// <summary>A reward with those of the members that it is made of.</summary>
/// <param name="Reward">The reward, as <see cref="IScorer.Score"/> gives it.</param>
/// <param name="Members">Each member's, on the scale on which they are combined; as many for every response, in the same order.</param>
public readonly record struct EnsembleScore(double Reward, IReadOnlyList<double> Members);

/// <summary>A scorer that is made of several, whose rewards compare: where they disagree, it is unsure.</summary>
public interface IEnsembleScorer : IScorer
{
    /// <summary>Scores each request, and tells what each member gives.</summary>
    /// <param name="requests">The responses.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>One score a request, in their order.</returns>
    IReadOnlyList<EnsembleScore> ScoreMembers(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default);

    /// <inheritdoc/>
    IReadOnlyList<double> IScorer.Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
        [.. ScoreMembers(requests, cancellation).Select(score => score.Reward)];
}
