namespace RewardKit.Plugins.HhCleaning;

/// <summary>
/// The benchmark of Liu et al. (arXiv:2409.19024): how often a model is right on pairs as they are and as they are cleaned, by
/// category, and whether it puts an answer above saying nothing. Equal rewards are wrong. Ties are left out: they have no right
/// order.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("hh-cleaning", Paper = "arXiv:2409.19024")]
public sealed class HhCleaningEvaluator(HhCleaningEvaluatorOptions options) : IEvaluator
{
    /// <inheritdoc/>
    /// <exception cref="RewardKitException">There is no preference to judge by, or none is left.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        PreferenceExample[] pairs = [.. context.Pairs.Where(p => p.Relation == Relation.Preferred)];
        if (pairs.Length == 0)
        {
            throw RewardKitException.Input(
                $"hh-cleaning needs held-out preferences, but was given {context.Pairs.Count} examples and none is one. Name the pairs in the script: Evaluate.hhCleaning (pairs).");
        }
        var evidence = new Evidence(options);
        Outcome[] outcomes = [.. pairs.Select(p => Cleaning.Decide(p, evidence.Of(p), options.Agreement))];
        var scores = context.Scorer.ScorePairs(pairs, cancellation);
        var judged = pairs.Zip(outcomes, scores).ToArray(); // each with its decision and its rewards
        var left = judged.Where(j => j.Second.Action != Cleaned.Drop).ToArray();
        if (left.Length == 0) throw RewardKitException.Input($"hh-cleaning: of {pairs.Length} held-out preferences cleaning leaves none.");

        var metrics = new Dictionary<string, Measurement>
        {
            // An empty or equal answer has no chance of ½: only what is left can be guessed at.
            ["accuracy-raw"] = Mean(scores.Select(s => Right(s.Margin))),
            ["accuracy"] = Mean(left.Select(j => Right(CleanedMargin(j)))) with { Chance = 0.5 },
        };
        foreach (var (name, of) in new[] { ("accuracy-raw", judged), ("accuracy", left) })
            foreach (var kind in of.GroupBy(j => j.Second.Category).OrderBy(g => g.Key, StringComparer.Ordinal))
                metrics[$"{name}.{kind.Key.Replace(' ', '-')}"] = Mean(kind.Select(j => Right(name == "accuracy" ? CleanedMargin(j) : j.Third.Margin)));
        Probe(metrics, context.Scorer, [.. left.Select(j => j.First)], cancellation);
        return Task.FromResult(new EvaluationReport(metrics, [.. pairs.Zip(scores, (pair, score) => new EvaluationSample(pair, score))]));

        static double CleanedMargin((PreferenceExample, Outcome Outcome, PairScore Score) j) => j.Outcome.Action == Cleaned.Swap ? -j.Score.Margin : j.Score.Margin;
    }

    // Defects listed in the paper: an empty answer with a positive reward, or one above that of an answer.
    private static void Probe(Dictionary<string, Measurement> metrics, IScorer scorer, PreferenceExample[] pairs, CancellationToken cancellation)
    {
        var nothing = Conversation.Assistant("");
        PreferenceExample[] probes = [.. pairs.Select(p => p with { Rejected = nothing }), .. pairs.Select(p => p with { Chosen = p.Rejected, Rejected = nothing })];
        var scores = scorer.ScorePairs(probes, cancellation);
        metrics["chosen-over-empty"] = Mean(scores.Take(pairs.Length).Select(s => Right(s.Margin)));
        metrics["rejected-over-empty"] = Mean(scores.Skip(pairs.Length).Select(s => Right(s.Margin)));
        // A scorer that compares has no reward for an answer alone.
        if (scorer is not IPairScorer) metrics["empty-positive"] = Mean(scores.Take(pairs.Length).Select(s => Right(s.Rejected)));
    }

    private static double Right(double margin) => margin > 0 ? 1 : 0;

    private static Measurement Mean(IEnumerable<double> items)
    {
        double[] all = [.. items];
        return new(all.Average(), all);
    }
}
