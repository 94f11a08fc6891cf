using RewardKit.Hosting.Experiments;

namespace RewardKit.Plugins.Diagnostics;

/// <summary>
/// Whether reward margins, read as Bradley and Terry do, are the probabilities that they claim to be: the chosen response is
/// better with probability <c>σ(margin)</c>.
/// </summary>
[Evaluator("calibration")]
public sealed class CalibrationEvaluator : IEvaluator
{
    /// <inheritdoc/>
    /// <exception cref="RewardKitException">There are no preferences to judge by.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        var pairs = Preferences.Of(context, "calibration", "Evaluate.calibration");
        var scores = context.Scorer.ScorePairs(pairs, cancellation);
        double[] margins = [.. scores.Select(s => s.Margin)];
        double[] confidence = [.. margins.Select(m => Probability(Math.Abs(m)))];
        double[] brier = [.. margins.Select(m => Probability(-m) * Probability(-m))];
        double[] logLoss = [.. margins.Select(m => Math.Max(0, -m) + Math.Log(1 + Math.Exp(-Math.Abs(m))))];
        double[] right = [.. margins.Select(m => m > 0 ? 1 : m == 0 ? 0.5 : 0)];
        var bins = Calibration.Of([margins]);
        return Task.FromResult(new EvaluationReport(
            new Dictionary<string, Measurement>
            {
                ["ece"] = new(bins.Error),
                ["ece by chance"] = new(bins.ErrorByChance),
                ["brier"] = new(brier.Average(), brier),
                ["log-loss"] = new(logLoss.Average(), logLoss),
                ["confidence"] = new(confidence.Average(), confidence),
                ["accuracy"] = new(right.Average(), right, Chance: 0.5),
            },
            [.. pairs.Zip(scores, (pair, score) => new EvaluationSample(pair, score))]));
    }

    private static double Probability(double margin) => 1 / (1 + Math.Exp(-margin));
}
