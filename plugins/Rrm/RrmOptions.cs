using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.Rrm;

/// <summary>Options of the augmenter <c>rrm</c>; the defaults are the paper's.</summary>
[PluginOptions]
public sealed record RrmOptions
{
    /// <summary>Whether to make non-contextual rows, 8 of each preference: its answers beat those of other prompts.</summary>
    public bool NonContextual { get; init; } = true;

    /// <summary>Whether to make neutral rows, 6 of each preference: two answers to other prompts are a tie.</summary>
    public bool Neutral { get; init; } = true;

    /// <summary>The share of the rows made that goes on, drawn by the seed; the paper takes half.</summary>
    [Range(0.0, 1.0)]
    public double Sample { get; init; } = 0.5;

    /// <summary>
    /// A row stays if the baseline's probability for its order is at least this far from the label's (1, or ½ for a tie).
    /// With 0 every row stays and no baseline is needed.
    /// </summary>
    [Range(0.0, 1.0)]
    public double FilterThreshold { get; init; } = 0.2;
}
