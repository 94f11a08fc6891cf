using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.TransferQ;

/// <summary>Options of the decoder <c>transfer-q</c>. The weight of the values, 1/α, is said with the request.</summary>
[PluginOptions]
public sealed record TransferQOptions
{
    /// <summary>How many of the base's most probable tokens are candidates.</summary>
    [Range(1, 100)]
    public int K { get; init; } = 10;

    /// <summary>How many roll-outs of each candidate the mean is taken over.</summary>
    [Range(1, 1000)]
    public int RollOuts { get; init; } = 1;

    /// <summary>The most tokens of a roll-out behind its candidate; 0: the reward of the candidate itself, as in ARGS.</summary>
    [Range(0, 100)]
    public int RollOutTokens { get; init; } = 20;

    /// <summary>Whether roll-outs go on to their end token instead, or for as many tokens as an answer may have at most.</summary>
    public bool ToEnd { get; init; }

    /// <summary>The temperature of roll-outs; 0: greedy, of which one is enough.</summary>
    [Range(0.0, 100.0)]
    public double RollOutTemperature { get; init; }

    /// <summary>
    /// Whether the base is aligned to another reward than the target's, so that roll-outs are weighted by
    /// exp((r − r_BL) / β), r_BL the reward it is aligned to.
    /// </summary>
    public bool Indirect { get; init; }

    /// <summary>β of these weights.</summary>
    [Range(0.0, 1000.0, MinimumIsExclusive = true)]
    public double Beta { get; init; } = 1;
}
