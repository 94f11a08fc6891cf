using System.ComponentModel.DataAnnotations;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>What the judge is asked.</summary>
public enum Mode
{
    /// <summary>To rate one answer; the rating is its reward.</summary>
    Pointwise,

    /// <summary>Which of two answers is better; there is no reward for one alone.</summary>
    Pairwise,
}

/// <summary>In which order two answers are shown, and what two verdicts make.</summary>
public enum Orders
{
    /// <summary>In both orders; the verdict holds where both name the same answer, and anything else is a tie (FastChat).</summary>
    Agree,

    /// <summary>In both orders; the probabilities of all verdicts are averaged, so that one verdict and one tie are half a verdict.</summary>
    Average,

    /// <summary>In one order, drawn by the seed and the two texts (RewardBench): half of the cost.</summary>
    One,
}

/// <summary>What becomes of a reply without a verdict.</summary>
public enum Unreadable
{
    /// <summary>The work ends, and the message shows the reply.</summary>
    Fail,

    /// <summary>It has no vote; an answer or a pair without any vote has the middle of the scale, or is a tie.</summary>
    Neutral,
}

/// <summary>Options of <c>llm-judge</c>.</summary>
[PluginOptions]
public sealed record LlmJudgeOptions
{
    /// <summary>Whether the judge rates single answers or compares two.</summary>
    public Mode Mode { get; init; } = Mode.Pointwise;

    /// <summary>In which order two answers are shown, and what two verdicts make.</summary>
    public Orders Orders { get; init; } = Orders.Agree;

    /// <summary>Whether the judge may call two answers a tie.</summary>
    public bool Ties { get; init; } = true;

    /// <summary>
    /// The probability p that a verdict is right. A verdict says nothing of it, but a scorer that compares gives log-odds: a
    /// verdict for the first answer is log(p/(1 − p)), one for the second the opposite, a tie 0.
    /// </summary>
    [Range(0.5, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Confidence { get; init; } = 0.8;

    /// <summary>
    /// How many judges there are: samples of the same language model. Ratings are averaged, verdicts decided by majority. With
    /// temperature 0 there is only one.
    /// </summary>
    [Range(1, 100)]
    public int Samples { get; init; } = 1;

    /// <summary>The temperature at which the judge writes.</summary>
    [Range(0.0, 2.0)]
    public double Temperature { get; init; }

    /// <summary>The most tokens of a reply.</summary>
    [Range(1, 1000000)]
    public int MaxTokens { get; init; } = 2048;

    /// <summary>The lowest rating.</summary>
    [Range(-1000.0, 1000.0)]
    public double ScoreMin { get; init; } = 1;

    /// <summary>The highest rating.</summary>
    [Range(-1000.0, 1000.0)]
    public double ScoreMax { get; init; } = 10;

    /// <summary>What becomes of a reply without a verdict.</summary>
    public Unreadable Unreadable { get; init; } = Unreadable.Fail;

    /// <summary>A folder whose <c>rate.md</c>, <c>compare.md</c> and <c>choose.md</c> (without ties) replace the plugin's prompts.</summary>
    [InputPath(InputKind.Folder)]
    public string? Prompts { get; init; }
}
