using RewardKit.Plugins.Shared;

namespace RewardKit.Plugins.LlmJudge;

/// <summary>Rates each answer by itself; the mean of the judges' ratings is the reward.</summary>
internal sealed class RatingJudge(JudgeModel judge, LlmJudgeOptions options, Func<ScoreRequest, Conversation> prompt) : IScorer
{
    public string Name => judge.Name;

    public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
    [
        .. judge.Ask([.. requests.Select(prompt)], Read, FormattableString.Invariant($"rating from {options.ScoreMin} to {options.ScoreMax} in double brackets"), cancellation)
            .Select(ratings => ratings.Average() ?? (options.ScoreMin + options.ScoreMax) / 2),
    ];

    private double? Read(string reply) => Judge.Rating(reply, single: true) is { } rating && rating >= options.ScoreMin && rating <= options.ScoreMax ? rating : null;
}
