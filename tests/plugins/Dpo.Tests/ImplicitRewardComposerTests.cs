using RewardKit.Conformance;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.Dpo.Tests;

public sealed class ImplicitRewardComposerTests
{
    private static readonly ScoreRequest Short = new(Conversation.User("question"), Conversation.Assistant("short"));
    private static readonly ScoreRequest Long = new(Conversation.User("question"), Conversation.Assistant("much longer"));

    // The worked policy: tokens of −0.5, −1.2, −0.3, −2.0 under the model, −0.7, −1.0, −0.9, −2.4 under the reference.
    private static ScorerMember Worked { get; } = Member(-4.0, -5.0, 4);

    [TestCase(1.0, true, false, 1.0)]
    [TestCase(0.1, true, false, 0.1)]
    [TestCase(1.0, false, false, -4.0)]
    [TestCase(1.0, false, true, -1.0)]
    [TestCase(0.5, true, true, 0.125)]
    public void The_worked_reward(double beta, bool reference, bool perToken, double expected) =>
        Assert.That(Score(new() { Beta = beta, Reference = reference, PerToken = perToken }, Worked), Is.EqualTo(expected).Within(1e-12));

    [Test]
    public void An_empty_response_has_the_reward_zero() => Assert.That(Score(new() { PerToken = true }, Member(0, 0, 0)), Is.Zero);

    [Test]
    public void Several_models_are_averaged_by_their_weights() => Assert.That(
        Score(new() { Beta = 1 }, Worked with { Weight = 3 }, Member(-4, -2, 4) with { Weight = 1 }, Member(-9, -1, 4) with { Weight = 0 }),
        Is.EqualTo((3 * 1.0 - 2.0) / 4).Within(1e-12));

    [Test]
    public void Each_model_is_asked_once_for_all_responses()
    {
        var calls = new List<string>();
        var member = new ScorerMember(Unasked) { Policy = new Calls("trained", calls), Reference = new Calls("start", calls) };
        var scores = new ImplicitRewardComposer(new()).Compose([member], new([], 1), default).Score([Short, Long, Short]);
        Assert.Multiple(() =>
        {
            Assert.That(scores, Has.Count.EqualTo(3));
            Assert.That(calls, Is.EqualTo(new[] { "trained 3", "start 3" }));
        });
    }

    [Test]
    public void What_lacks_a_model_is_refused_in_words() => Assert.Multiple(() =>
    {
        Assert.That(() => Score(new(), new ScorerMember(Unasked)), Throws.TypeOf<RewardKitException>().With.Message.Contains("fake is no language model"));
        Assert.That(() => Score(new(), Worked with { Reference = null }), Throws.TypeOf<RewardKitException>().With.Message.Contains("reference = false"));
        Assert.That(Score(new() { Beta = 1, Reference = false }, Worked with { Reference = null }), Is.EqualTo(-4));
    });

    private static FakeScorer Unasked => new(_ => throw new InvalidOperationException("no reward is needed"));

    private static ScorerMember Member(double own, double start, int tokens) => new(Unasked)
    {
        Policy = ScriptedPolicies.Of(_ => new(own, tokens)),
        Reference = ScriptedPolicies.Of(_ => new(start, tokens)),
    };

    private static double Score(ImplicitRewardOptions options, params ScorerMember[] members) =>
        new ImplicitRewardComposer(options).Compose(members, new([], 1), default).Score([Short])[0];

    private sealed class Calls(string name, List<string> calls) : IPolicy
    {
        public string Name => name;

        public IReadOnlyList<ResponseLogProb> LogProbs(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default)
        {
            calls.Add($"{name} {requests.Count}");
            return [.. requests.Select(_ => new ResponseLogProb(-1, 1))];
        }
    }
}
