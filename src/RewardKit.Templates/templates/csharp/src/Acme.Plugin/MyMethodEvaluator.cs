using System.ComponentModel.DataAnnotations;
using RewardKit;

namespace Acme.Namespace;

/// <summary>Options of <c>my-method</c>.</summary>
[PluginOptions]
public sealed record MyMethodOptions
{
    /// <summary>Responses count as equally long if their lengths differ by no more than this share of the longer one's.</summary>
    [Range(0.0, 1.0)]
    public double Tolerance { get; init; } = 0.1;
}

/// <summary>
/// The share of held-out preferences whose chosen response gets the higher reward: of all, and apart for those whose chosen
/// response is the shorter one, the longer one, or as long as the other. A model that merely likes length shows it here.
/// </summary>
[Evaluator("my-method")]
public sealed class MyMethodEvaluator(MyMethodOptions options) : IEvaluator
{
    /// <inheritdoc/>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var pairs = context.Pairs.Where(pair => pair.Relation == Relation.Preferred).ToArray();
        if (pairs.Length == 0)
            throw RewardKitException.Input("my-method needs held-out preferences, but was given none.");
        var scores = context.Scorer.ScorePairs(pairs, cancellation);
        // Equal rewards count as wrong.
        double[] correct = [.. scores.Select(score => score.Margin > 0 ? 1.0 : 0.0)];

        var metrics = new Dictionary<string, Measurement> { ["accuracy"] = Share(correct) };
        foreach (var bucket in correct.Index().GroupBy(item => Bucket(pairs[item.Index]), item => item.Item).OrderBy(b => b.Key, StringComparer.Ordinal))
            metrics[$"accuracy.{bucket.Key}"] = Share([.. bucket]);
        return Task.FromResult(new EvaluationReport(metrics, [.. pairs.Zip(scores, (pair, score) => new EvaluationSample(pair, score))]));
    }

    private static Measurement Share(double[] items) => new(items.Average(), items, Chance: 0.5);

    private string Bucket(PreferenceExample pair)
    {
        var (chosen, rejected) = (pair.Chosen.LastContent.Length, pair.Rejected.LastContent.Length);
        return Math.Abs(chosen - rejected) <= options.Tolerance * Math.Max(chosen, rejected) ? "equal" : chosen < rejected ? "shorter" : "longer";
    }
}
