using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>What a pair counts in the accuracy that the scorer calls a tie, and people do not.</summary>
public enum ScorerTies
{
    /// <summary>½.</summary>
    Half,

    /// <summary>0.</summary>
    Wrong,

    /// <summary>Nothing: the accuracy is that of the pairs that the scorer decides.</summary>
    LeaveOut,
}

/// <summary>What a tie is in a win rate.</summary>
public enum WinRate
{
    /// <summary>Half a win and half a loss.</summary>
    HalfTies,

    /// <summary>Neither: the win rate is that among wins and losses.</summary>
    WithoutTies,
}

/// <summary>Options of <c>judge-agreement</c>.</summary>
[PluginOptions]
public sealed record JudgeAgreementOptions
{
    /// <summary>
    /// Pairs with people's verdicts: PandaLM's testset, one SUBSET/dataset.json in LLMBar's layout, or a folder in and below which
    /// these are.
    /// </summary>
    [InputPath(InputKind.FileOrFolder)]
    public string Data { get; init; } = "";

    /// <summary>Rewards that differ by no more than this are the scorer's tie; FastChat's for ratings from 1 to 10.</summary>
    [Range(0.0, 0.9)]
    public double TieWithin { get; init; } = 0.1;

    /// <summary>What a pair counts in the accuracy that the scorer calls a tie, and people do not.</summary>
    public ScorerTies Ties { get; init; } = ScorerTies.Half;

    /// <summary>What a tie is in a win rate.</summary>
    public WinRate WinRates { get; init; } = WinRate.HalfTies;

    /// <summary>Recorded verdicts of a judge on PandaLM's pairs, shown beside the scorer: <c>gpt-3.5-turbo-testset-v1.json</c> or the like.</summary>
    [InputPath(InputKind.File)]
    public string? Recorded { get; init; }
}
