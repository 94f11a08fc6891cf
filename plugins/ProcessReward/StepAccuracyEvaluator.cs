using System.ComponentModel.DataAnnotations;
using RewardKit.Plugins.Steps;

namespace RewardKit.Plugins.ProcessReward;

/// <summary>Options of <c>step-accuracy</c>.</summary>
[PluginOptions]
public sealed record StepAccuracyOptions
{
    /// <summary>A step counts as right where its reward is above this; 0, even odds, for a model that is trained on labels of steps.</summary>
    [Range(-1_000_000, 1_000_000)]
    public double Threshold { get; init; }
}

/// <summary>
/// How well rewards within responses tell right steps from wrong ones, on pairs with labels of steps: the share of steps judged right, the
/// area under the ROC curve, and whether the first wrong step is found (ProcessBench, arXiv:2412.06559: of wrong solutions the share whose
/// first wrong step is named, of right ones the share in which none is, and the harmonic mean of both). Beside it, best of N: of the responses
/// to each prompt the one with the highest reward is taken, by the least, the product and the last of its steps' probabilities, and by the
/// scorer's own reward; a wrong one with as high a reward counts as taken.
/// </summary>
/// <param name="options">Its settings.</param>
[Evaluator("step-accuracy", Paper = "arXiv:2412.06559; arXiv:2305.20050")]
public sealed class StepAccuracyEvaluator(StepAccuracyOptions options) : IEvaluator
{
    private static readonly (string Name, StepReward How)[] Ways = [("minimum", StepReward.Min), ("product", StepReward.Product), ("last", StepReward.Last)];

    /// <inheritdoc/>
    public EvaluatorNeeds Needs => EvaluatorNeeds.Rewards | EvaluatorNeeds.Places;

    /// <inheritdoc/>
    /// <exception cref="RewardKitException">There are no pairs, one has no labels, or the scorer has no rewards within responses.</exception>
    public Task<EvaluationReport> EvaluateAsync(EvaluationContext context, CancellationToken cancellation)
    {
        if (context.Pairs.Count == 0)
            throw RewardKitException.Input("step-accuracy needs held-out pairs with labels of steps: Evaluate.stepAccuracy (pairs).");
        if (context.Pairs.FirstOrDefault(pair => pair.ChosenSteps is not { Count: > 0 } || pair.RejectedSteps is not { Count: > 0 }) is { } unlabelled)
            throw RewardKitException.Input($"step-accuracy: a response of {unlabelled.Id} has no labels of steps. Name pairs that have them, as graded solutions or a file with \"completions\" and \"labels\".");
        if (context.Scorer is not IPlaceScorer scorer)
            throw RewardKitException.Input($"step-accuracy: \"{context.Scorer.Name}\" has no rewards within a response. Judge a model with a reward head, or one that Score.processReward () makes of several.");

        var solutions = Solutions(context, scorer, cancellation);
        var metrics = new Dictionary<string, Measurement> { ["accuracy"] = Mean(solutions.Select(s => s.Steps.Average(step => IsRight(step.Reward) == step.Right ? 1.0 : 0))) };
        if (Area([.. solutions.SelectMany(s => s.Steps)]) is { } area) metrics["auroc"] = new(area, Chance: 0.5);
        var (found, clean) = (solutions.Where(s => !s.Right).Select(FindsFirst).ToArray(), solutions.Where(s => s.Right).Select(FindsFirst).ToArray());
        if (found.Length > 0) metrics["first-error/wrong-solutions"] = Mean(found);
        if (clean.Length > 0) metrics["first-error/right-solutions"] = Mean(clean);
        if (found.Length > 0 && clean.Length > 0)
            metrics["first-error/f1"] = new(found.Average() + clean.Average() is > 0 and var sum ? 2 * found.Average() * clean.Average() / sum : 0);
        var prompts = solutions.GroupBy(s => s.Prompt).ToArray();
        var chance = prompts.Average(of => of.Average(s => s.Right ? 1.0 : 0));
        foreach (var (name, how) in Ways) metrics[$"best-of-n/{name}"] = Best(s => StepRewards.Of([.. s.Steps.Select(step => Probability.Of(step.Reward))], how));
        metrics["best-of-n/own-reward"] = Best(s => s.Reward);
        return Task.FromResult(new EvaluationReport(metrics, Samples(context.Pairs, solutions)));

        Measurement Best(Func<Solution, double> reward) => Mean(prompts.Select(of => Highest(of, true, reward) > Highest(of, false, reward) ? 1.0 : 0)) with { Chance = chance };

        static double Highest(IEnumerable<Solution> of, bool right, Func<Solution, double> reward) =>
            of.Where(s => s.Right == right).Select(reward).DefaultIfEmpty(double.NegativeInfinity).Max();
    }

    // Each response once, in the order of the pairs.
    private static Solution[] Solutions(EvaluationContext context, IPlaceScorer scorer, CancellationToken cancellation)
    {
        var labelled = context.Pairs
            .SelectMany(pair => ((ScoreRequest Request, StepLabels Steps)[])[(new(pair.Prompt, pair.Chosen), pair.ChosenSteps!), (new(pair.Prompt, pair.Rejected), pair.RejectedSteps!)])
            .DistinctBy(side => side.Request).ToArray();
        var at = scorer.ScoreAt([.. labelled.Select(side => new PlaceRequest(side.Request.Prompt, side.Request.Response, [.. side.Steps.Select(step => step.End)]))], cancellation);
        var whole = scorer.Score([.. labelled.Select(side => side.Request)], cancellation);
        return [.. labelled.Select((side, i) => new Solution(
            side.Request.Prompt, side.Request.Response, side.Steps.AllRight, whole[i], [.. side.Steps.Zip(at[i], (label, reward) => new Step(reward, label.Right >= 0.5))]))];
    }

    private static EvaluationSample[] Samples(IReadOnlyList<PreferenceExample> pairs, Solution[] solutions)
    {
        var rewards = solutions.ToDictionary(s => (s.Prompt, s.Response), s => s.Reward);
        return [.. pairs.Select(pair => new EvaluationSample(pair, new(rewards[(pair.Prompt, pair.Chosen)], rewards[(pair.Prompt, pair.Rejected)])))];
    }

    private bool IsRight(double reward) => reward > options.Threshold;

    // Of a right solution both are -1 where no step is called wrong.
    private double FindsFirst(Solution solution) =>
        Array.FindIndex(solution.Steps, step => !IsRight(step.Reward)) == Array.FindIndex(solution.Steps, step => !step.Right) ? 1 : 0;

    private static Measurement Mean(IEnumerable<double> items)
    {
        double[] all = [.. items];
        return new(all.Average(), all);
    }

    // The probability that a right step has the higher reward than a wrong one, equal ones half; null where there are not both.
    private static double? Area(Step[] steps)
    {
        long right = steps.Count(step => step.Right), wrong = steps.Length - right;
        if (right == 0 || wrong == 0) return null;
        var (pairs, below) = (0.0, 0L);
        foreach (var equal in steps.GroupBy(step => step.Reward).OrderBy(group => group.Key))
        {
            var (good, bad) = (equal.Count(step => step.Right), equal.Count(step => !step.Right));
            pairs += good * (below + bad / 2.0);
            below += bad;
        }
        return pairs / (right * (double)wrong);
    }

    private readonly record struct Step(double Reward, bool Right);

    /// <summary>A response with what the scorer says of it, and whether it is right.</summary>
    private sealed record Solution(Conversation Prompt, Conversation Response, bool Right, double Reward, Step[] Steps);
}
