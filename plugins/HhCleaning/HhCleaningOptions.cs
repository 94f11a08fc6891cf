using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.HhCleaning;

/// <summary>What both plugins clean by.</summary>
internal interface ICleaningOptions
{
    string? Votes { get; }

    string? ToxicWords { get; }

    double Agreement { get; }
}

/// <summary>Options of the augmenter <c>hh-cleaning</c>.</summary>
[PluginOptions]
public sealed record HhCleaningOptions : ICleaningOptions
{
    /// <summary>
    /// A file of votes, JSON Lines: a pair's <c>id</c>, or its <c>record</c> (from 1) with its <c>source</c> where there are
    /// several; <c>votes</c>, each agree, disagree or tie; <c>toxic</c> (chosen, rejected or both) and <c>category</c>, which may
    /// be left out.
    /// </summary>
    [InputPath(InputKind.File)]
    public string? Votes { get; init; }

    /// <summary>A file of words, one a line: an answer that has one of them is taken for toxic. A word list is no classifier.</summary>
    [InputPath(InputKind.File)]
    public string? ToxicWords { get; init; }

    /// <summary>The share of the votes that settles a pair: three of four in the paper. The number is rounded up.</summary>
    [Range(0.51, 1.0)]
    public double Agreement { get; init; } = 0.75;

    /// <summary>Whether the baseline has a vote: it agrees where it gives the chosen answer the higher reward.</summary>
    public bool BaselineVotes { get; init; }

    /// <summary>How many votes the experiment's text generator has, half of them with the answers in the other order.</summary>
    [Range(0, 64)]
    public int Judges { get; init; }

    /// <summary>The temperature at which it judges; with 0 all votes on one order are the same.</summary>
    [Range(0.0, 2.0)]
    public double Temperature { get; init; } = 1.0;

    /// <summary>The most tokens of a verdict.</summary>
    [Range(1, 1000000)]
    public int MaxTokens { get; init; } = 512;

    /// <summary>A folder whose <c>judge.md</c> replaces the plugin's.</summary>
    [InputPath(InputKind.Folder)]
    public string? Prompts { get; init; }
}

/// <summary>Options of the evaluator <c>hh-cleaning</c>.</summary>
[PluginOptions]
public sealed record HhCleaningEvaluatorOptions : ICleaningOptions
{
    /// <summary>A file of votes on the held-out pairs, as the augmenter's; <c>decisions.jsonl</c> of a run that cleaned them is one.</summary>
    [InputPath(InputKind.File)]
    public string? Votes { get; init; }

    /// <summary>A file of words, one a line: an answer that has one of them is taken for toxic. A word list is no classifier.</summary>
    [InputPath(InputKind.File)]
    public string? ToxicWords { get; init; }

    /// <summary>The share of the votes that settles a pair: three of four in the paper. The number is rounded up.</summary>
    [Range(0.51, 1.0)]
    public double Agreement { get; init; } = 0.75;
}
