using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.Odin;

/// <summary>Over which responses of a batch rewards and lengths are correlated.</summary>
public enum Correlated
{
    /// <summary>The chosen ones, and the rejected ones: two terms. Neither response of a tie is one of them.</summary>
    Apart,

    /// <summary>All of them: one term.</summary>
    Together,
}

/// <summary>What is done to the weights of an output before they are applied.</summary>
public enum Normalisation
{
    /// <summary>w/‖w‖.</summary>
    Unit,

    /// <summary>(w − w̄)/‖w − w̄‖, w̄ the mean of w's entries.</summary>
    CentredUnit,
}

/// <summary>Options of the loss <c>odin</c>.</summary>
[PluginOptions]
public sealed record OdinOptions
{
    /// <summary>λ_L, the weight of the correlations with length: |ρ(quality, length)| − ρ(length output, length).</summary>
    [Range(0.0, 1000.0)]
    public double LengthWeight { get; init; } = 1.0;

    /// <summary>λ_O, the weight of |W_Q·W_L|, which keeps the two outputs' weights orthogonal.</summary>
    [Range(0.0, 1000.0)]
    public double OrthogonalityWeight { get; init; } = 1.0;

    /// <summary>The weight of |ρ(sum of both outputs, length)|, which the paper does not have and its code does.</summary>
    [Range(0.0, 1000.0)]
    public double SumWeight { get; init; }

    /// <summary>Over which responses correlations are taken: apart (chosen, and rejected: the paper) or together (all: its code).</summary>
    public Correlated Correlate { get; init; } = Correlated.Apart;

    /// <summary>What is done to the outputs' weights: unit (the paper) or centredUnit (its code).</summary>
    public Normalisation Normalisation { get; init; } = Normalisation.Unit;
}
