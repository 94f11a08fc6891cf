using RewardKit.Training.Data;

namespace RewardKit.Hosting.Experiments;

/// <summary>The reward is the length of the response's last turn in characters: "the longer one wins".</summary>
public sealed class LengthScorer : IScorer
{
    /// <inheritdoc/>
    public string Name => "longer wins";

    /// <inheritdoc/>
    public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
        [.. requests.Select(r => (double)r.Response.LastContent.Length)];
}

/// <summary>
/// Scorers that know nothing of language. They are judged as the arms are and stand in every table, so that a reader sees
/// what a number is worth.
/// </summary>
public static class TrivialBaselines
{
    /// <summary>The trivial baselines for a training set, in the order of the tables. What is fitted to it needs responses there.</summary>
    /// <param name="train">The experiment's training pairs, as read.</param>
    /// <param name="cancellation">Stops the fit.</param>
    public static IReadOnlyList<IScorer> For(IReadOnlyList<PreferenceExample> train, CancellationToken cancellation = default) =>
        train.Any(PromptRecords.HasResponses) ? [new LengthScorer(), BigramScorer.Train(train, cancellation)] : [new LengthScorer()];
}
