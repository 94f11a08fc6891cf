using RewardKit;

namespace Acme.Namespace.Tests;

public sealed class MyMethodComposerTests
{
    // Weights 3 and 1: the mean of 1 and 5 is (3·1 + 1·5) / 4 = 2, their variance (3·1² + 1·3²) / 4 = 3.
    [TestCase(0.0, 2.0)]
    [TestCase(0.5, 0.5)]
    public void Two_members_by_hand(double caution, double expected)
    {
        ScorerMember[] members = [new(new Constant(1), 3), new(new Constant(5), 1)];
        var composed = new MyMethodComposer(new() { Caution = caution }).Compose(members, new([], seed: 1), default);
        var request = new ScoreRequest(Conversation.User("Two and two?"), Conversation.Assistant("Four."));
        Assert.That(composed.Score([request]), Is.EqualTo(new[] { expected }));
    }

    private sealed class Constant(double reward) : IScorer
    {
        public string Name => "constant";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
            [.. requests.Select(_ => reward)];
    }
}
