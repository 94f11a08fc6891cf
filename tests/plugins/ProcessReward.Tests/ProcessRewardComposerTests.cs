using RewardKit.Plugins.Steps;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.ProcessReward.Tests;

public sealed class ProcessRewardComposerTests
{
    private static readonly Conversation Prompt = Conversation.User("How many?");

    // RewardMATH's worked steps, 0.9, 0.8, 0.5, as log-odds.
    private static readonly Conversation Worked = NumberScorer.Of(Math.Log(9), Math.Log(4), 0);

    [TestCase(StepReward.Min, 0.5)]
    [TestCase(StepReward.Max, 0.9)]
    [TestCase(StepReward.Product, 0.36)]
    [TestCase(StepReward.GeometricMean, 0.7113786609)]
    [TestCase(StepReward.Mean, 0.7333333333)]
    [TestCase(StepReward.MeanLogit, 0.7675460457)]
    [TestCase(StepReward.MeanOdds, 4.6666666667)]
    [TestCase(StepReward.Last, 0.5)]
    public void The_worked_steps(StepReward how, double expected) =>
        Assert.That(Compose(new() { Aggregate = how }, new ScorerMember(new NumberScorer())).Score([new(Prompt, Worked)])[0], Is.EqualTo(expected).Within(1e-9));

    [Test]
    public void Steps_end_where_their_text_does_and_what_is_blank_is_none()
    {
        var scorer = (IStepScorer)Compose(new(), new ScorerMember(new NumberScorer()));
        var steps = scorer.ScoreSteps([new(Prompt, Conversation.Assistant("1\n\n  \n2 \n3\n")), new(Prompt, Conversation.Assistant(" \n")), new(Prompt, Conversation.Assistant("4"))]);
        Assert.Multiple(() =>
        {
            Assert.That(steps[0], Is.EqualTo((PlacedReward[])[new(1, 1), new(7, 2), new(10, 3)]));
            Assert.That(steps[1], Is.Empty);
            Assert.That(steps[2], Is.EqualTo((PlacedReward[])[new(1, 4)]));
            Assert.That(scorer.Score([new(Prompt, Conversation.Assistant(" \n"))]), Is.EqualTo((double[])[0]), "what has no step has nothing right");
        });
    }

    [Test]
    public void The_separator_is_an_option()
    {
        var scorer = (IStepScorer)Compose(new() { Separator = "\n\n" }, new ScorerMember(new NumberScorer()));
        Assert.That(scorer.ScoreSteps([new(Prompt, Conversation.Assistant("a\n1\n\n2"))])[0].Select(step => step.End), Is.EqualTo((int[])[3, 6]));
        Assert.That(() => Compose(new() { Separator = "" }, new ScorerMember(new NumberScorer())), Throws.TypeOf<RewardKitException>().With.Message.Contains("separator is empty"));
    }

    [Test]
    public void Members_probabilities_are_averaged_by_weight()
    {
        // 0.9, 0.8, 0.5 with three times the weight of 0.5 everywhere.
        var even = new Even();
        var scorer = Compose(new() { Aggregate = StepReward.Product }, new ScorerMember(new NumberScorer(), 3), new ScorerMember(even, 1));
        Assert.That(scorer.Score([new(Prompt, Worked)])[0], Is.EqualTo(0.8 * 0.725 * 0.5).Within(1e-9));
        Assert.That(((IPlaceScorer)scorer).ScoreAt([new(Prompt, Worked, [Worked.LastContent.IndexOf('\n')])])[0][0], Is.EqualTo(Math.Log(0.8 / 0.2)).Within(1e-9));
    }

    [Test]
    public void A_member_without_rewards_within_responses_is_refused() =>
        Assert.That(() => Compose(new(), new ScorerMember(new FakeScorer(_ => 1))), Throws.TypeOf<RewardKitException>().With.Message.Contains("\"fake\" has no rewards within a response"));

    private static IScorer Compose(SolutionRewardOptions options, params ScorerMember[] members) =>
        new ProcessRewardComposer(options).Compose(members, new([], 1), CancellationToken.None);

    private sealed class Even : IPlaceScorer
    {
        public string Name => "even";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation = default) => [.. requests.Select(_ => 0.0)];

        public IReadOnlyList<IReadOnlyList<double>> ScoreAt(IReadOnlyList<PlaceRequest> requests, CancellationToken cancellation = default) =>
            [.. requests.Select(request => request.Ends.Select(_ => 0.0).ToArray())];
    }
}
