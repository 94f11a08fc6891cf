using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.CriticRm;

/// <summary>Who writes the critiques that a model scores by.</summary>
public enum Critic
{
    /// <summary>The model itself, with its language-model head.</summary>
    Own,

    /// <summary>The experiment's text generator.</summary>
    Generator,
}

/// <summary>Options of the composer <c>critic-rm</c>.</summary>
[PluginOptions]
public sealed record CriticScoreOptions
{
    /// <summary>m: how many critiques of an answer are drawn; their rewards are averaged. With temperature 0 there is only one.</summary>
    [Range(1, 100)]
    public int Samples { get; init; } = 1;

    /// <summary>
    /// Who writes them: the model itself, or the experiment's text generator. That one gets the same prompt as for the training
    /// data, and its score is not used.
    /// </summary>
    public Critic Critic { get; init; } = Critic.Own;

    /// <summary>The temperature at which they are written.</summary>
    [Range(0.0, 2.0)]
    public double Temperature { get; init; } = 1.0;

    /// <summary>The most tokens of a critique; a longer one is cut off.</summary>
    [Range(1, 1000000)]
    public int MaxTokens { get; init; } = 512;

    /// <summary>The request for a critique, the same as in training; empty: none.</summary>
    public string LeadIn { get; init; } = CritiqueTurns.LeadIn;

    /// <summary>The lowest score that the experiment's generator is asked for, the same as in training.</summary>
    [Range(-1000.0, 1000.0)]
    public double ScoreMin { get; init; } = 1;

    /// <summary>The highest score that the experiment's generator is asked for, the same as in training.</summary>
    [Range(-1000.0, 1000.0)]
    public double ScoreMax { get; init; } = 10;

    /// <summary>A folder whose files replace the plugin's prompts of the same name: of these, <c>critic.md</c> alone is used.</summary>
    [InputPath(InputKind.Folder)]
    public string? Prompts { get; init; }
}
