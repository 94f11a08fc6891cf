using RewardKit.Models;

namespace RewardKit.Hosting.Scoring;

/// <summary>The outputs of a model's head as the members of an ensemble; the first is the reward.</summary>
/// <param name="scorer">The model.</param>
internal sealed class HeadScorer(Scorer scorer) : IEnsembleScorer
{
    /// <inheritdoc/>
    public string Name => scorer.Name;

    /// <inheritdoc/>
    public IReadOnlyList<EnsembleScore> ScoreMembers(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
        [.. scorer.ScoreOutputs(requests, cancellation).Select(outputs => new EnsembleScore(outputs[0], outputs))];
}
