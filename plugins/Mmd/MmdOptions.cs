using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.Mmd;

/// <summary>Which responses are compared with each other.</summary>
public enum Variant
{
    /// <summary>Chosen responses among themselves and rejected ones among themselves; those of ties not at all.</summary>
    Conditional,

    /// <summary>All responses.</summary>
    Unconditional,
}

/// <summary>What of a response is to be distributed alike.</summary>
public enum Compared
{
    /// <summary>Its reward.</summary>
    Reward,

    /// <summary>The final hidden state that the reward is read from.</summary>
    Features,
}

/// <summary>How alike two values are.</summary>
public enum KernelKind
{
    /// <summary>exp(−‖a − b‖²/(2s²)).</summary>
    Gaussian,

    /// <summary>a·b: compares means alone.</summary>
    Linear,
}

/// <summary>How a bin's own mean similarity is estimated.</summary>
public enum Estimator
{
    /// <summary>Over all pairs of a bin, each value with itself among them; never below 0.</summary>
    Biased,

    /// <summary>Without each value with itself; bins of one response are left out.</summary>
    Unbiased,
}

/// <summary>Options of the loss <c>mmd</c>.</summary>
[PluginOptions]
public sealed record MmdOptions
{
    /// <summary>λ, the weight of the penalty; 0 leaves Bradley and Terry's loss.</summary>
    [Range(0.0, 1000.0)]
    public double Weight { get; init; } = 1.0;

    /// <summary>Which responses are compared: conditional (chosen with chosen, rejected with rejected) or unconditional (all).</summary>
    public Variant Variant { get; init; } = Variant.Conditional;

    /// <summary>The number of bins of response lengths, with a batch's own quantiles between them.</summary>
    [Range(2, 1000)]
    public int Bins { get; init; } = 10;

    /// <summary>
    /// Fixed bounds between the bins of response lengths instead, in tokens, ascending, as "50, 100, 200"; a length on a bound
    /// belongs above it.
    /// </summary>
    public string? LengthEdges { get; init; }

    /// <summary>Instead of lengths: two bins, responses that contain this text (case counts) and those that do not.</summary>
    public string? Phrase { get; init; }

    /// <summary>What is to be distributed alike: reward, or features (the hidden state under the scalar head).</summary>
    public Compared Over { get; init; } = Compared.Reward;

    /// <summary>The kernel: gaussian or linear.</summary>
    public KernelKind Kernel { get; init; } = KernelKind.Gaussian;

    /// <summary>s of the Gaussian kernel, on the scale of what is compared.</summary>
    [Range(1e-6, 1e6)]
    public double Bandwidth { get; init; } = 1.0;

    /// <summary>
    /// Whether s is the median distance of a batch's responses instead, held constant in the gradient. The penalty then does
    /// not shrink with the rewards, and can press all of them into one number.
    /// </summary>
    public bool MedianBandwidth { get; init; }

    /// <summary>The estimator: biased or unbiased.</summary>
    public Estimator Estimator { get; init; } = Estimator.Biased;
}
