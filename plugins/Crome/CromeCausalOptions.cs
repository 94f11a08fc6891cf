using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.Crome;

/// <summary>Options of the augmenter <c>crome-causal</c>; the defaults are the paper's where it states any.</summary>
[PluginOptions]
public sealed record CromeCausalOptions : IOracleOptions
{
    /// <summary>How many attributes the oracle names for each pair.</summary>
    [Range(1, 20)]
    public int Attributes { get; init; } = 5;

    /// <summary>How many causal elements it names for each attribute.</summary>
    [Range(1, 20)]
    public int Elements { get; init; } = 5;

    /// <summary>Whether the oracle looks at its attributes once more and mends them.</summary>
    public bool Review { get; init; } = true;

    /// <summary>Whether rejected answers are made better in one attribute: the rewrite wins against the rejected answer.</summary>
    public bool Upgrade { get; init; } = true;

    /// <summary>Whether chosen answers are made worse in one attribute: the chosen answer wins against the rewrite.</summary>
    public bool Degrade { get; init; } = true;

    /// <summary>Whether the oracle checks each rewrite; those that change too little or too much are dropped.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>
    /// τ: a row stays if the baseline's probability for its order is farther than this from its label's. Below 0 every row
    /// stays and no baseline is needed; from 1 none stays.
    /// </summary>
    [Range(-1.0, 1.0)]
    public double FilterThreshold { get; init; } = 0.2;

    /// <summary>The share of the original pairs that rewrites are made of, drawn by the seed.</summary>
    [Range(0.0, 1.0)]
    public double Share { get; init; } = 1.0;

    /// <summary>The temperature at which the oracle writes.</summary>
    [Range(0.0, 2.0)]
    public double Temperature { get; init; } = 0.7;

    /// <summary>The most tokens of one answer of the oracle.</summary>
    [Range(1, 1000000)]
    public int MaxTokens { get; init; } = 2048;

    /// <summary>How often the oracle is asked again where its answer cannot be used.</summary>
    [Range(0, 10)]
    public int Retries { get; init; } = 2;

    /// <summary>
    /// Decides the oracle's samples and the share. Without it each seed of the experiment has its own; with it all have the
    /// same, and the oracle is asked only once.
    /// </summary>
    public int? Seed { get; init; }

    /// <summary>A folder whose files replace the plugin's prompts of the same name, as <c>degrade.md</c>.</summary>
    [InputPath(InputKind.Folder)]
    public string? Prompts { get; init; }
}
