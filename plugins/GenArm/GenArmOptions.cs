using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.GenArm;

/// <summary>Options of the loss <c>gen-arm</c>; all but <see cref="Beta"/> are off in the paper.</summary>
[PluginOptions]
public sealed record GenArmLossOptions
{
    /// <summary>β_r, the scale of the log-probabilities in the loss; the paper's for HH-RLHF.</summary>
    [Range(0.0, 1000.0, MinimumIsExclusive = true)]
    public double Beta { get; init; } = 0.05;

    /// <summary>γ, by how much the chosen response's reward should be above the rejected one's.</summary>
    [Range(0.0, 1000.0)]
    public double Margin { get; init; }

    /// <summary>ε, the probability with which a preference is taken to be the wrong way round.</summary>
    [Range(0.0, 0.5)]
    public double LabelSmoothing { get; init; }

    /// <summary>max(0, 1 − d) instead of −log σ(d).</summary>
    public bool Hinge { get; init; }

    /// <summary>Whether a response's log-probability is divided by its number of tokens.</summary>
    public bool PerToken { get; init; }
}

/// <summary>Options of the decoder <c>gen-arm</c>. How strongly each guide steers, α = 1/β, is said with the request.</summary>
[PluginOptions]
public sealed record GenArmDecoderOptions
{
    /// <summary>
    /// Whether the scores are divided by 1 + Σα, as in the released code: the weights of base and guides then sum to 1, and the
    /// paper's rule at temperature T is had at temperature T / (1 + Σα).
    /// </summary>
    public bool Normalise { get; init; }
}
