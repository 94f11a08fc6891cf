using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.Mod;

/// <summary>The f-divergences by which the policies were kept near their reference.</summary>
public enum Divergence
{
    /// <summary>KL(π ‖ π_ref), as in DPO: the weighted geometric mean of the policies.</summary>
    ReverseKl,

    /// <summary>KL(π_ref ‖ π): the weighted harmonic mean.</summary>
    ForwardKl,

    /// <summary>Jensen and Shannon's, by the approximation of the released code: as reverse-kl.</summary>
    Jsd,

    /// <summary>The α-divergence: the weighted power mean with exponent −α.</summary>
    Alpha,

    /// <summary>Jensen and Shannon's by the general formula; the reference is run.</summary>
    JsdExact,
}

/// <summary>Options of the decoder <c>mod</c>. The policies' weights are said with the request.</summary>
[PluginOptions]
public sealed record ModOptions
{
    /// <summary>The divergence that the policies were trained with.</summary>
    public Divergence Divergence { get; init; } = Divergence.ReverseKl;

    /// <summary>α of the α-divergence.</summary>
    [Range(0.0, 100.0, MinimumIsExclusive = true)]
    public double Alpha { get; init; } = 0.5;
}
