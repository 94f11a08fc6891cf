using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.Alarm;

/// <summary>What a response's reward is made of.</summary>
public enum AlarmMode
{
    /// <summary>The holistic reward; the aspects too where it is at or above the threshold.</summary>
    Hierarchical,

    /// <summary>Holistic reward and aspects, always; aspects alone where the holistic scorer's weight is 0.</summary>
    WeightedSum,

    /// <summary>The holistic reward.</summary>
    HolisticOnly,
}

/// <summary>Options of the composer <c>alarm</c>.</summary>
[PluginOptions]
public sealed record AlarmOptions
{
    /// <summary>What a response's reward is made of.</summary>
    public AlarmMode Mode { get; init; } = AlarmMode.Hierarchical;

    /// <summary>θ: from which normalised holistic reward on the aspects count. 0.6 for long-form answers in the authors' code, 0.5 for translations.</summary>
    [Range(-1e9, 1e9)]
    public double Threshold { get; init; } = 0.6;

    /// <summary>
    /// μ_h, the holistic scorer's mean over reference responses; not given: that over the arm's (the training pairs', or those of
    /// Members.reference). −4.896130742253484 for long-form answers in the authors' code, −2.34417221913525 for translations.
    /// </summary>
    [Range(-1e9, 1e9)]
    public double? Mean { get; init; }

    /// <summary>s_h, its standard deviation, likewise. 3.0595760500526468 and 2.946283030347152 in the authors' code.</summary>
    [Range(1e-9, 1e9)]
    public double? Deviation { get; init; }

    /// <summary>
    /// Whether σ is applied to an aspect's reward at each place where it speaks, so that no aspect ever lowers a response's reward.
    /// </summary>
    public bool Shaping { get; init; } = true;

    /// <summary>How many aspects count: those that disagree least with the holistic scorer over the reference responses; 0: all.</summary>
    [Range(0, 1000)]
    public int Aspects { get; init; }
}
