using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.HafRm;

/// <summary>
/// The token-level losses of the paper's ablation. With β = tau and
/// d = (log π − log π_ref)(chosen) − (log π − log π_ref)(rejected):
/// </summary>
public enum PolicyLoss
{
    /// <summary>−log σ(β d), as in DPO.</summary>
    Sigmoid,

    /// <summary>max(0, 1 − β d).</summary>
    Hinge,

    /// <summary>(d − 1/(2β))².</summary>
    Ipo,

    /// <summary>β (d − 1/(2β))².</summary>
    IpoSqrt,

    /// <summary>(β d − ½)².</summary>
    IpoFull,

    /// <summary>−log π(chosen): likelihood of the chosen response alone, no reference.</summary>
    Slic,

    /// <summary>−log σ(β d) with d the difference of log π per token, no reference.</summary>
    Simpo,
}

/// <summary>Options of <c>haf-rm</c>; the defaults are those of the authors' training scripts.</summary>
[PluginOptions]
public sealed record HafRmOptions
{
    /// <summary>α, the weight of the policy loss; 0 leaves a plain reward model.</summary>
    [Range(0.0, 1000.0)]
    public double Alpha { get; init; } = 0.2;

    /// <summary>τ (the β of DPO), the scale of the implicit reward.</summary>
    [Range(0.0, 1000.0, MinimumIsExclusive = true)]
    public double Tau { get; init; } = 0.1;

    /// <summary>
    /// The policy loss: sigmoid (DPO), hinge, ipo, ipo-sqrt, ipo-full against the reference; slic (likelihood of the
    /// chosen response) and simpo (log-probability per token) without one.
    /// </summary>
    public PolicyLoss PolicyLoss { get; init; } = PolicyLoss.Sigmoid;

    /// <summary>
    /// Whether log-probabilities are measured against the starting checkpoint's, as the paper does; without it they stand
    /// alone. The policy losses slic and simpo have no reference in any case.
    /// </summary>
    public bool Reference { get; init; } = true;

    /// <summary>
    /// With k set, the two losses take turns of k optimiser steps, the policy loss first; unset, both act in every step.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int? AlternateStep { get; init; }

    /// <summary>The weight of the reward loss; 0 leaves plain preference optimisation of the policy.</summary>
    [Range(0.0, 1000.0)]
    public double RewardWeight { get; init; } = 1.0;

    /// <summary>Whether the scalar head starts at zero, so that its first step comes from the head alone.</summary>
    public bool ZeroInitHead { get; init; } = true;
}
