namespace RewardKit.Plugins.Tests;

/// <summary>A scorer that is a function.</summary>
public sealed class FakeScorer(Func<ScoreRequest, double> reward) : IScorer
{
    public string Name => "fake";

    public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
        [.. requests.Select(reward)];
}
