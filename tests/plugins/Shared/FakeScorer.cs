namespace RewardKit.Plugins.Tests;

/// <summary>A scorer that is a function.</summary>
public sealed class FakeScorer(Func<ScoreRequest, double> reward) : IScorer
{
    public string Name => "fake";

    public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) =>
        [.. requests.Select(reward)];
}

/// <summary>A scorer that compares by a function, and has no reward for a single response.</summary>
public sealed class FakeComparer(Func<ScoreRequest, double> reward) : IPairScorer
{
    public string Name => "fake";

    public IReadOnlyList<double> Compare(IReadOnlyList<PairRequest> requests, CancellationToken cancellation = default) =>
        [.. requests.Select(r => reward(new(r.Prompt, r.First)) - reward(new(r.Prompt, r.Second)))];
}
