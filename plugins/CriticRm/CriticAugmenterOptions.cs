using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.CriticRm;

/// <summary>Which critiques of a pair that is kept contradict its label, and are dropped.</summary>
public enum CritiqueFilter
{
    /// <summary>
    /// Those of the chosen answer that score no more than the rejected one's do on average, and those of the rejected answer
    /// that score no less than the chosen one's do.
    /// </summary>
    Mean,

    /// <summary>Of all combinations of two critiques those in which the chosen answer's does not score more.</summary>
    Pairwise,

    /// <summary>None.</summary>
    None,
}

/// <summary>What becomes of the critiques that are left.</summary>
public enum Refinement
{
    /// <summary>Critic-RM-Rank: a meta-judge scores them, and the best of each answer stay.</summary>
    Rank,

    /// <summary>Critic-RM-Summ: the critiques of an answer are summed up in one.</summary>
    Summarise,

    /// <summary>Nothing: all stay as they are.</summary>
    None,
}

/// <summary>Options of the augmenter <c>critic-rm</c>.</summary>
[PluginOptions]
public sealed record CriticAugmenterOptions
{
    /// <summary>N: how many critiques of each answer are asked for.</summary>
    [Range(1, 100)]
    public int Candidates { get; init; } = 10;

    /// <summary>The lowest score a critique can give; a critique with a lower one is not used.</summary>
    [Range(-1000.0, 1000.0)]
    public double ScoreMin { get; init; } = 1;

    /// <summary>The highest score a critique can give; a critique with a higher one is not used.</summary>
    [Range(-1000.0, 1000.0)]
    public double ScoreMax { get; init; } = 10;

    /// <summary>Whether pairs are dropped of which the chosen answer does not score more than the rejected one on average.</summary>
    public bool InstanceFilter { get; init; } = true;

    /// <summary>Which critiques of the pairs that are kept are dropped for their scores.</summary>
    public CritiqueFilter CritiqueFilter { get; init; } = CritiqueFilter.Mean;

    /// <summary>What becomes of the critiques that are left.</summary>
    public Refinement Refinement { get; init; } = Refinement.Rank;

    /// <summary>K: how many critiques of an answer stay after ranking; how many summaries are made.</summary>
    [Range(1, 100)]
    public int TopK { get; init; } = 3;

    /// <summary>
    /// How often each pair that is kept stands in the training data, each time with another combination of its critiques as
    /// long as there are some.
    /// </summary>
    [Range(1, 100)]
    public int Draws { get; init; } = 1;

    /// <summary>The request for a critique that stands between answer and critique; empty: none.</summary>
    public string LeadIn { get; init; } = CritiqueTurns.LeadIn;

    /// <summary>The temperature at which critiques and summaries are written. The meta-judge has 0.</summary>
    [Range(0.0, 2.0)]
    public double Temperature { get; init; } = 1.0;

    /// <summary>The most tokens of one text that is written.</summary>
    [Range(1, 1000000)]
    public int MaxTokens { get; init; } = 1024;

    /// <summary>
    /// Decides what is written, and which critiques are drawn. Without it each seed of the experiment has its own; with it all
    /// have the same, and the generator is asked only once.
    /// </summary>
    public int? Seed { get; init; }

    /// <summary>A folder whose files replace the plugin's prompts of the same name, as <c>critic.md</c>.</summary>
    [InputPath(InputKind.Folder)]
    public string? Prompts { get; init; }
}
