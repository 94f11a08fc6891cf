namespace RewardKit.Plugins.Alarm;

/// <summary>What an aspect says of responses.</summary>
internal static class Aspect
{
    /// <summary>Its rewards at the places where it speaks; one that has no places speaks at the end.</summary>
    public static IReadOnlyList<IReadOnlyList<PlacedReward>> Places(IScorer aspect, IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
        aspect is IStepScorer steps
            ? steps.ScoreSteps(requests, cancellation)
            : [.. requests.Zip(aspect.Score(requests, cancellation), (request, reward) => (PlacedReward[])[new(request.Response.LastContent.Length, reward)])];
}
