using System.Text.Json.Serialization;

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

/// <summary>Two responses to compare.</summary>
/// <param name="Prompt">What both answer.</param>
/// <param name="First">One response.</param>
/// <param name="Second">The other.</param>
public readonly record struct PairRequest(Conversation Prompt, Conversation First, Conversation Second);

/// <summary>
/// A scorer that says which of two responses is the better one, and has no reward for one alone: a model that reads both in
/// one text. <see cref="IScorer.Score"/> refuses; <see cref="ScorerExtensions.ScorePairs"/> and
/// <see cref="BestOfN.PickBest"/> take either kind of scorer.
/// </summary>
public interface IPairScorer : IScorer
{
    /// <summary>
    /// Compares pairs. Which response is named first plays no part: a model to which it matters is asked in both orders, and
    /// its probabilities are averaged.
    /// </summary>
    /// <param name="requests">The pairs.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>
    /// For each pair in its order, the log-odds <c>log(p/(1 − p))</c> that the first response is better: 0 for a tie, the
    /// opposite number with the two exchanged.
    /// </returns>
    IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation = default);

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">Always: there is no reward for one response.</exception>
    IReadOnlyList<double> IScorer.Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
        throw RewardKitException.Input(
            $"\"{Name}\" is a pairwise model: it says which of two responses is better and has no reward for one alone. "
            + "Judge it by pairs (pair-accuracy, reward-bench), or train the Bradley-Terry form.");
}

/// <summary>The rewards of a pair's two responses.</summary>
/// <param name="Chosen">Reward of the chosen response.</param>
/// <param name="Rejected">Reward of the rejected one.</param>
public readonly record struct PairScore(double Chosen, double Rejected)
{
    /// <summary>Reward of the chosen response minus that of the rejected one.</summary>
    public double Margin => Chosen - Rejected;

    /// <summary>
    /// How far the members of an <see cref="IEnsembleScorer"/> lie apart on the margin: the standard deviation of theirs, with divisor
    /// n; null for any other scorer.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Disagreement { get; init; }

    /// <summary>The score of a pair of which only the log-odds are known: half of them each, with the signs that make the margin.</summary>
    /// <param name="margin">The log-odds that the chosen response is better.</param>
    public static PairScore OfMargin(double margin) => new(margin / 2, -margin / 2);

    /// <summary>
    /// The score of a pair that was shown in both orders: the margin is the log-odds of the mean of the two probabilities.
    /// </summary>
    /// <param name="chosenFirst">The log-odds that the chosen response is better, where it stood first.</param>
    /// <param name="rejectedFirst">The same where the rejected one stood first.</param>
    public static PairScore OfOrders(double chosenFirst, double rejectedFirst) =>
        OfMargin(LogMean(chosenFirst, rejectedFirst) - LogMean(-chosenFirst, -rejectedFirst));

    // log(σ(a) + σ(b)), finite for all finite a and b, and the same with the two exchanged.
    private static double LogMean(double a, double b)
    {
        var (x, y) = (LogSigmoid(a), LogSigmoid(b));
        return Math.Max(x, y) + Math.Log(1 + Math.Exp(-Math.Abs(x - y)));
    }

    private static double LogSigmoid(double x) => Math.Min(x, 0) - Math.Log(1 + Math.Exp(-Math.Abs(x)));
}

/// <summary>Common uses of a scorer.</summary>
public static class ScorerExtensions
{
    /// <summary>
    /// Scores both responses of each pair; one that stands in several pairs is scored once. Of an <see cref="IPairScorer"/>,
    /// which compares them, the margin is the log-odds; of an <see cref="IEnsembleScorer"/> each score tells the members' disagreement.
    /// </summary>
    /// <param name="scorer">The scorer.</param>
    /// <param name="pairs">The pairs.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>One pair of rewards an example, in their order.</returns>
    public static IReadOnlyList<PairScore> ScorePairs(
        this IScorer scorer, IReadOnlyList<PreferenceExample> pairs, CancellationToken cancellation = default)
    {
        if (scorer is IPairScorer comparing)
            return [.. comparing.Compare([.. pairs.Select(p => new PairRequest(p.Prompt, p.Chosen, p.Rejected))], cancellation).Select(PairScore.OfMargin)];
        ScoreRequest[] requests = [.. pairs.SelectMany(p => (ScoreRequest[])[new(p.Prompt, p.Chosen), new(p.Prompt, p.Rejected)]).Distinct()];
        if (scorer is IEnsembleScorer ensemble)
        {
            var scores = requests.Zip(ensemble.ScoreMembers(requests, cancellation)).ToDictionary(pair => pair.First, pair => pair.Second);
            return [.. pairs.Select(p => Together(scores[new(p.Prompt, p.Chosen)], scores[new(p.Prompt, p.Rejected)]))];
        }
        var rewards = requests.Zip(scorer.Score(requests, cancellation)).ToDictionary(pair => pair.First, pair => pair.Second);
        return [.. pairs.Select(p => new PairScore(rewards[new(p.Prompt, p.Chosen)], rewards[new(p.Prompt, p.Rejected)]))];
    }

    private static PairScore Together(EnsembleScore chosen, EnsembleScore rejected)
    {
        double[] margins = [.. chosen.Members.Zip(rejected.Members, (better, worse) => better - worse)];
        var mean = margins.Average();
        return new(chosen.Reward, rejected.Reward) { Disagreement = Math.Sqrt(margins.Average(margin => (margin - mean) * (margin - mean))) };
    }
}
