using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.Cream;

/// <summary>How a model judges an answer by its own probabilities.</summary>
public enum Reward
{
    /// <summary>By how much likelier it is than the origin to give the answer: <c>log π(y|x) − log π₀(y|x)</c>.</summary>
    Intrinsic,

    /// <summary>By its mean log-probability of a token: <c>log π(y|x)/|y|</c>. Needs no origin.</summary>
    Likelihood,
}

/// <summary>Whether this is the first round, in which the previous model is the origin itself, and its intrinsic reward always 0.</summary>
public enum FirstRound
{
    /// <summary>It is if the previous model gives all answers the log-probabilities that the origin gives them.</summary>
    Auto,

    /// <summary>It is: the previous model judges by its likelihood.</summary>
    Yes,

    /// <summary>It is not.</summary>
    No,
}

/// <summary>Which consistency becomes the label of a pair.</summary>
public enum Label
{
    /// <summary>The mean of all prompts, the same for all pairs: the paper's main form.</summary>
    Average,

    /// <summary>That of the pair's own prompt; the mean where it has none.</summary>
    Dynamic,
}

/// <summary>Options of the augmenter <c>cream</c>.</summary>
[PluginOptions]
public sealed record CreamOptions
{
    /// <summary>N: how many answers the model gives to each prompt.</summary>
    [Range(2, 64)]
    public int Samples { get; init; } = 5;

    /// <summary>The temperature of the answers.</summary>
    [Range(0.0, 2.0)]
    public double Temperature { get; init; } = 0.8;

    /// <summary>Answers are drawn from the most probable tokens, the fewest whose probabilities sum to this.</summary>
    [Range(0.01, 1.0)]
    public double TopP { get; init; } = 0.95;

    /// <summary>The most tokens of an answer.</summary>
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 768;

    /// <summary>How the models judge answers.</summary>
    public Reward Reward { get; init; } = Reward.Intrinsic;

    /// <summary>Whether this is the first round; for the intrinsic reward.</summary>
    public FirstRound FirstRound { get; init; } = FirstRound.Auto;

    /// <summary>How the agreement of both models' rankings is measured.</summary>
    public Measure Measure { get; init; } = Measure.Kendall;

    /// <summary>What becomes of equal rewards in Kendall's τ.</summary>
    public TieRule Ties { get; init; } = TieRule.Ordinal;

    /// <summary>Which consistency becomes the label of a pair.</summary>
    public Label Label { get; init; } = Label.Average;

    /// <summary>A label for all pairs instead of the measured consistency: 1 is the self-rewarding baseline (SRLM); null: measured.</summary>
    [Range(0.0, 1.0)]
    public double? Rate { get; init; }

    /// <summary>Pairs whose prompt has a lower consistency are left out; null: none are.</summary>
    [Range(0.0, 1.0)]
    public double? Threshold { get; init; }

    /// <summary>A pair is left out if prompt and either answer have fewer tokens together.</summary>
    [Range(0, 1_000_000)]
    public int MinPairTokens { get; init; } = 5;

    /// <summary>A pair is left out if prompt and either answer have more tokens together.</summary>
    [Range(1, 100_000_000)]
    public int MaxPairTokens { get; init; } = 2048;

    /// <summary>
    /// Decides what is sampled. Without it each seed of the experiment has its own; with it all have the same, and what the same
    /// model has answered is found again.
    /// </summary>
    public int? Seed { get; init; }
}
