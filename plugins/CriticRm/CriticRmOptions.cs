using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.CriticRm;

/// <summary>What the loss on critiques is the mean of.</summary>
public enum CeReduction
{
    /// <summary>All critique tokens of an optimiser step.</summary>
    TokenMean,

    /// <summary>The critiques of an optimiser step, each the mean of its tokens.</summary>
    PerSequenceMean,
}

/// <summary>Options of the loss <c>critic-rm</c>.</summary>
[PluginOptions]
public sealed record CriticRmOptions
{
    /// <summary>
    /// K, the epochs of the schedule: the weight of the critiques falls in the last of them. Without it the run's own: it falls
    /// in the last epoch of the run.
    /// </summary>
    [Range(1, int.MaxValue)]
    public int? Epochs { get; init; }

    /// <summary>β: how far the weight of the critiques falls, from 1 to 1 − β.</summary>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double Beta { get; init; } = 0.9;

    /// <summary>What the loss on critiques is the mean of: all tokens of a step, or its critiques, each the mean of its tokens.</summary>
    public CeReduction CeReduction { get; init; } = CeReduction.TokenMean;

    /// <summary>
    /// A constant weight w in place of the schedule, as in CLoud: the loss is that of the rewards plus w times that of the
    /// critiques. With 0 the model learns to score by critiques, but not to write them.
    /// </summary>
    [Range(0.0, 1000.0)]
    public double? Weight { get; init; }
}
