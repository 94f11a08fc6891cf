using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.Dpo;

/// <summary>ℓ(z), what a difference of log-ratios costs; β is its scale.</summary>
public enum DpoForm
{
    /// <summary>−log σ(βz): DPO (Rafailov et al. 2023, arXiv:2305.18290).</summary>
    Sigmoid,

    /// <summary>(z − 1/(2β))²: IPO (Azar et al. 2023, arXiv:2310.12036).</summary>
    Ipo,

    /// <summary>max(0, 1 − βz): SLiC's hinge (Zhao et al. 2023, arXiv:2305.10425) on log-ratios (Liu et al. 2023, arXiv:2309.06657).</summary>
    Hinge,
}

/// <summary>What is made of labels of which a part is wrong.</summary>
public enum LabelNoise
{
    /// <summary>Labels are softened by the noise: conservative DPO (Mitchell 2023).</summary>
    Conservative,

    /// <summary>Labels are sharpened by it, so that the loss has the mean that it would have without noise: robust DPO (Chowdhury et al. 2024, arXiv:2403.00409).</summary>
    Robust,
}

/// <summary>Options of the loss <c>dpo</c>.</summary>
[PluginOptions]
public sealed record DpoOptions
{
    /// <summary>β, the scale of the implicit reward: the larger, the closer the model stays to its reference.</summary>
    [Range(0.0, 1000.0, MinimumIsExclusive = true)]
    public double Beta { get; init; } = 0.1;

    /// <summary>The loss of a difference: sigmoid (DPO), ipo or hinge.</summary>
    public DpoForm Form { get; init; } = DpoForm.Sigmoid;

    /// <summary>ε, the share of preferences that are taken to be the wrong way round.</summary>
    [Range(0.0, 0.5)]
    public double LabelSmoothing { get; init; }

    /// <summary>What ε makes of the labels: conservative (cDPO), or robust (rDPO), which needs an ε below ½.</summary>
    public LabelNoise LabelNoise { get; init; } = LabelNoise.Conservative;

    /// <summary>
    /// Whether log-probabilities are measured against those of the starting checkpoint; without it they stand alone, as if the
    /// reference liked all responses alike.
    /// </summary>
    public bool Reference { get; init; } = true;

    /// <summary>Whether log-probabilities are divided by the response's number of tokens, as some implementations of IPO do.</summary>
    public bool PerToken { get; init; }
}

/// <summary>Options of the loss <c>simpo</c>; the defaults are the smallest values that the paper recommends.</summary>
[PluginOptions]
public sealed record SimpoOptions
{
    /// <summary>β, the scale of the log-probability per token.</summary>
    [Range(0.0, 1000.0, MinimumIsExclusive = true)]
    public double Beta { get; init; } = 2.0;

    /// <summary>γ, by how much the chosen response's reward should be above the rejected one's.</summary>
    [Range(0.0, 1000.0)]
    public double Gamma { get; init; } = 0.5;
}

/// <summary>Options of the composer <c>implicit-reward</c>.</summary>
[PluginOptions]
public sealed record ImplicitRewardOptions
{
    /// <summary>β, the scale; it changes no order.</summary>
    [Range(0.0, 1000.0, MinimumIsExclusive = true)]
    public double Beta { get; init; } = 0.1;

    /// <summary>
    /// Whether the log-probability is measured against that of the model that training started from; without it, it stands
    /// alone, as the reward of an autoregressive reward model (GenARM) and of SimPO does.
    /// </summary>
    public bool Reference { get; init; } = true;

    /// <summary>Whether it is divided by the response's number of tokens.</summary>
    public bool PerToken { get; init; }
}
