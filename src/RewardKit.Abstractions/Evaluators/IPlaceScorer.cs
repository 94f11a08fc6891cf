namespace RewardKit;

/// <summary>A response to judge at places within it.</summary>
/// <param name="Prompt">What it answers.</param>
/// <param name="Response">The response.</param>
/// <param name="Ends">The places in rising order: so many characters of the response's last turn lie before each, from 1 to its length.</param>
public readonly record struct PlaceRequest(Conversation Prompt, Conversation Response, IReadOnlyList<int> Ends);

/// <summary>
/// A scorer that can be asked for its reward at any place in a response, as a model with a scalar head: what it would say if the
/// response ended there. Where a loss trained it on <see cref="PairForward.StepRewards"/>, this is the log-odds that all is right so far.
/// One that has places of its own is an <see cref="IStepScorer"/>.
/// </summary>
public interface IPlaceScorer : IScorer
{
    /// <summary>Scores each request at each of its places.</summary>
    /// <param name="requests">The responses with their places.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>
    /// For each request one reward a place. A reward at a place depends on what lies before it only, up to the end of a token
    /// that spans it. A place behind what a model sees of a response that is too long has the reward of the whole.
    /// </returns>
    /// <exception cref="RewardKitException">A place lies outside of its response, or cannot be found in its tokens.</exception>
    IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation = default);
}
