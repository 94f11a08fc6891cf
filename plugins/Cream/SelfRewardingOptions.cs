using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.Cream;

/// <summary>Who grades the answers.</summary>
public enum Judge
{
    /// <summary>The model that the run starts from, which has written them.</summary>
    Own,

    /// <summary>The experiment's text generator.</summary>
    Generator,
}

/// <summary>Options of the augmenter <c>self-rewarding</c>.</summary>
[PluginOptions]
public sealed record SelfRewardingOptions
{
    /// <summary>N: how many answers the model gives to each prompt.</summary>
    [Range(2, 64)]
    public int Samples { get; init; } = 4;

    /// <summary>The temperature of the answers.</summary>
    [Range(0.0, 2.0)]
    public double Temperature { get; init; } = 0.7;

    /// <summary>Answers are drawn from the most probable tokens, the fewest whose probabilities sum to this.</summary>
    [Range(0.01, 1.0)]
    public double TopP { get; init; } = 0.9;

    /// <summary>The most tokens of an answer.</summary>
    [Range(1, 1_000_000)]
    public int MaxTokens { get; init; } = 768;

    /// <summary>Who grades the answers.</summary>
    public Judge Judge { get; init; } = Judge.Own;

    /// <summary>How often each answer is graded; its grade is the mean.</summary>
    [Range(1, 64)]
    public int Judgements { get; init; } = 3;

    /// <summary>The temperature of the judgements; at 0 all of an answer are the same.</summary>
    [Range(0.0, 2.0)]
    public double JudgeTemperature { get; init; } = 0.7;

    /// <summary>The most tokens of a judgement.</summary>
    [Range(1, 1_000_000)]
    public int JudgeMaxTokens { get; init; } = 512;

    /// <summary>
    /// Decides what is sampled. Without it each seed of the experiment has its own; with it all have the same, and what the same
    /// model has answered is found again.
    /// </summary>
    public int? Seed { get; init; }

    /// <summary>A folder whose <c>judge.md</c> replaces the plugin's prompt.</summary>
    [InputPath(InputKind.Folder)]
    public string? Prompts { get; init; }
}
