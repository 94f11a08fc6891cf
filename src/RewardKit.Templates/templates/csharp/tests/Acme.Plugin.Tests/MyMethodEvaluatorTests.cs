using RewardKit;

namespace Acme.Namespace.Tests;

public sealed class MyMethodEvaluatorTests
{
    [Test]
    public async Task A_scorer_that_likes_length_is_right_where_the_chosen_response_is_longer()
    {
        PreferenceExample[] pairs = [Pair(1, "a long answer", "short"), Pair(2, "short", "a long answer"), Pair(3, "a long one too", "short")];
        var report = await new MyMethodEvaluator(new()).EvaluateAsync(new(new Length(), pairs, seed: 1), default);
        Assert.That(report.Metrics["accuracy"].Value, Is.EqualTo(2 / 3.0));
        Assert.That(report.Metrics["accuracy.longer"].Items, Is.EqualTo(new[] { 1.0, 1.0 }));
        Assert.That(report.Metrics["accuracy.shorter"].Items, Is.EqualTo(new[] { 0.0 }));
        Assert.That(report.Metrics.Keys, Does.Not.Contain("accuracy.equal"));
    }

    private static PreferenceExample Pair(int number, string chosen, string rejected) => new(
        $"{number}", Conversation.User("Well?"), Conversation.Assistant(chosen), Conversation.Assistant(rejected), new("by hand", number));

    private sealed class Length : IScorer
    {
        public string Name => "length";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
            [.. requests.Select(request => (double)request.Response.LastContent.Length)];
    }
}
