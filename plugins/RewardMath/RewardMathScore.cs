namespace RewardKit.Plugins.RewardMath;

/// <summary>How the rewards of a solution's steps become the solution's.</summary>
public enum StepReward
{
    /// <summary>The least.</summary>
    Min,

    /// <summary>The greatest.</summary>
    Max,

    /// <summary>Their product.</summary>
    Product,

    /// <summary>The n-th root of their product.</summary>
    GeometricMean,

    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The probability whose logit is the mean of theirs.</summary>
    MeanLogit,

    /// <summary>The mean of p / (1 − p).</summary>
    MeanOdds,

    /// <summary>That of the last step.</summary>
    Last,
}

/// <summary>RewardMATH's arithmetic (arXiv:2410.01729): one right solution, at index 0, against wrong ones.</summary>
public static class RewardMathScore
{
    /// <summary>1 if the right solution's score is greater than each wrong one's, else 0: a tie counts nothing.</summary>
    /// <param name="scores">A problem's scores, the right solution's first.</param>
    public static double Accuracy(ReadOnlySpan<double> scores)
    {
        foreach (var wrong in scores[1..])
            if (!(scores[0] > wrong)) return 0;
        return 1;
    }

    /// <summary>1 / rank of the right solution from the top; wrong ones with the same score rank before it.</summary>
    /// <param name="scores">A problem's scores, the right solution's first.</param>
    public static double ReciprocalRank(ReadOnlySpan<double> scores)
    {
        var rank = 1;
        foreach (var wrong in scores[1..])
            if (!(scores[0] > wrong)) rank++;
        return 1.0 / rank;
    }

    /// <summary>A solution's score from those of its steps.</summary>
    /// <param name="steps">Each step's, at least one; probabilities.</param>
    /// <param name="how">The way.</param>
    public static double OfSteps(IReadOnlyList<double> steps, StepReward how) => how switch
    {
        StepReward.Min => steps.Min(),
        StepReward.Max => steps.Max(),
        StepReward.Product => steps.Aggregate(1.0, (product, p) => product * p),
        StepReward.GeometricMean => Math.Exp(steps.Average(Math.Log)),
        StepReward.Mean => steps.Average(),
        StepReward.MeanLogit => 1 / (1 + Math.Exp(-steps.Average(p => Math.Log(p / (1 - p))))),
        StepReward.MeanOdds => steps.Average(p => p / (1 - p)),
        StepReward.Last => steps[^1],
        _ => throw new ArgumentOutOfRangeException(nameof(how), how, null),
    };

    /// <summary>
    /// Scores from a judge that compares the right solution with each wrong one: the right one's is the number of its wins + 1;
    /// a wrong one's is 1 where it lost, else more than all wins could give. An unreadable judgement is no win.
    /// </summary>
    /// <param name="wins">Whether the right solution won, for each wrong one.</param>
    /// <returns>Scores, the right solution's first.</returns>
    public static double[] OfComparisons(IReadOnlyList<bool> wins) =>
        [wins.Count(won => won) + 1, .. wins.Select(won => won ? 1.0 : wins.Count + 2)];
}
