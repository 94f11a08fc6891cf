namespace RewardKit.Plugins.Steps;

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

/// <summary>Makes a solution's reward of those of its steps (the ways of RewardMATH's released code, arXiv:2410.01729).</summary>
public static class StepRewards
{
    /// <summary>A solution's reward.</summary>
    /// <param name="steps">Each step's, at least one; probabilities.</param>
    /// <param name="how">The way.</param>
    public static double Of(IReadOnlyList<double> steps, StepReward how) => how switch
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
}
