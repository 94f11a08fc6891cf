using FsCheck;
using FsCheck.NUnit;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.Alarm.Tests;

public sealed class AlarmComposerTests
{
    // Six characters stand for the six tokens of the worked answer, whose sentences end at 3 and 5.
    private static readonly ScoreRequest Answer = new(Conversation.User("question"), Conversation.Assistant("abcdef"));
    private static readonly ScorerMember Factuality = new(new Speaks(_ => [new(3, 0.5), new(5, -0.5)]));
    private static readonly AlarmOptions LongForm = new() { Mean = -4.896130742253484, Deviation = 3.0595760500526468 };

    [Test]
    public void Below_the_threshold_the_holistic_reward_stands_alone() =>
        Assert.That(Places(LongForm, Holistic(-4, 5), Factuality), Is.EqualTo(new[] { (6, 1.464468815) }).Using<(int, double)>(Close));

    [Test]
    public void Above_it_aspects_speak_where_they_have_something_to_say()
    {
        Assert.That(Places(LongForm, Holistic(-2, 5), Factuality), Is.EqualTo(new[] { (3, 0.622459331), (5, 0.377540669), (6, 4.732895497) }).Using<(int, double)>(Close));
        Assert.That(Score(LongForm, Holistic(-2, 5), Factuality), Is.EqualTo(5.732895497).Within(1e-8));
    }

    [Test]
    public void The_worked_translation()
    {
        // Four tokens, the third in an error.
        var request = Answer with { Response = Conversation.Assistant("abcd") };
        var options = new AlarmOptions { Mean = -2.34417221913525, Deviation = 2.946283030347152, Threshold = 0.5 };
        var scorer = Compose(options, Holistic(-0.5, 3), new ScorerMember(new Speaks(_ => [new(1, 0), new(2, 0), new(3, -1), new(4, 0)])));
        Assert.That(scorer.ScoreSteps([request])[0].Select(p => (p.End, p.Reward)), Is.EqualTo(new[] { (1, 0.5), (2, 0.5), (3, 0.268941421), (4, 2.377795378) }).Using<(int, double)>(Close));
        Assert.That(scorer.Score([request])[0], Is.EqualTo(3.646736800).Within(1e-8));
    }

    [Test]
    public void An_aspect_of_one_reward_speaks_at_the_end()
    {
        const double completeness = 0.3 * (3.0 + 0.44677690555995353) / 8.301160619054132;
        Assert.That(completeness, Is.EqualTo(0.124564879).Within(1e-9));
        var only = new AlarmOptions { Mode = AlarmMode.WeightedSum, Mean = 0, Deviation = 1 };
        Assert.That(Places(only, Holistic(9, 0), Rule(completeness)), Is.EqualTo(new[] { (6, 0.531101016) }).Using<(int, double)>(Close));
        Assert.That(Places(only with { Shaping = false }, Holistic(9, 0), Rule(completeness)), Is.EqualTo(new[] { (6, completeness) }).Using<(int, double)>(Close));
    }

    [Property]
    public void Its_ends_are_the_other_modes(sbyte holistic, sbyte aspect, byte weight)
    {
        ScorerMember[] members = [Holistic(holistic / 8.0, 2), new(new Speaks(_ => [new(2, aspect / 8.0), new(6, -aspect / 8.0)]), weight / 16.0)];
        double Of(AlarmMode mode, double threshold) => Score(new() { Mode = mode, Threshold = threshold, Mean = 0.5, Deviation = 2 }, members);
        var alone = Of(AlarmMode.HolisticOnly, 0);
        Assert.That(Of(AlarmMode.Hierarchical, -1e9), Is.EqualTo(Of(AlarmMode.WeightedSum, 0)));
        Assert.That(Of(AlarmMode.Hierarchical, 1e9), Is.EqualTo(alone));
        Assert.That(Score(new() { Mode = AlarmMode.WeightedSum, Mean = 0.5, Deviation = 2 }, members[0], members[1] with { Weight = 0 }), Is.EqualTo(alone), "no weight");
        Assert.That(Of(AlarmMode.Hierarchical, 0.6), Is.GreaterThanOrEqualTo(alone), "shaped aspects lower nothing");
        var aspects = Score(new() { Mode = AlarmMode.WeightedSum, Mean = 0.5, Deviation = 2 }, members[0] with { Weight = 0 }, members[1] with { Weight = 1 });
        Assert.That(Of(AlarmMode.WeightedSum, 0), Is.EqualTo(alone + weight / 16.0 * aspects).Within(1e-9));
    }

    [Test]
    public void At_the_threshold_aspects_count() =>
        Assert.That(Score(new() { Threshold = 0.25, Mean = 0, Deviation = 4 }, Holistic(1, 1), Rule(0)), Is.EqualTo(0.75).Within(1e-12));

    [Test]
    public void The_holistic_scale_is_that_of_the_reference_responses()
    {
        ScoreRequest[] reference = [.. ((string[])["a", "aaa"]).Select(text => new ScoreRequest(Answer.Prompt, Conversation.Assistant(text)))];
        var holistic = new ScorerMember(new FakeScorer(r => r.Response.LastContent.Length));
        // Lengths 1 and 3: mean 2, deviation 1.
        Assert.That(new AlarmComposer(new() { Mode = AlarmMode.HolisticOnly }).Compose([holistic], new(reference, 1), default).Score([Answer]), Is.EqualTo((double[])[4]));
        double Of(double? mean, double? deviation) =>
            new AlarmComposer(new() { Mode = AlarmMode.HolisticOnly, Mean = mean, Deviation = deviation }).Compose([holistic], new(reference, 1), default).Score([Answer])[0];
        Assert.That((Of(null, 2), Of(3, null)), Is.EqualTo((2.0, 3.0)), "what is said of it holds, and the reference tells the rest");
        Assert.That(() => Score(new(), holistic), Throws.TypeOf<RewardKitException>().With.Message.Contains("there are 0"));
        Assert.That(
            () => new AlarmComposer(new()).Compose([Holistic(1, 1)], new(reference, 1), default),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("gives all reference responses the same reward"));
    }

    [Test]
    public void Inconsistency_is_the_share_of_pairs_in_the_other_order()
    {
        (double, double)[] aspect = [(1, 2), (3, 1), (2, 2), (0, 5), (4, 1)], holistic = [(0.1, 0.5), (0.9, 0.2), (0.3, 0.1), (0.7, 0.2), (0.4, 0.4)];
        ScoreRequest[] responses = [.. Enumerable.Range(0, 10).Select(i => new ScoreRequest(Conversation.User($"{i / 2}"), Conversation.Assistant($"{i % 2}")))];
        double[] Flat((double, double)[] pairs) => [.. pairs.SelectMany(p => (double[])[p.Item1, p.Item2])];
        Assert.Multiple(() =>
        {
            Assert.That(Inconsistency.Of(responses, Flat(aspect), Flat(holistic)), Is.EqualTo(25));
            Assert.That(Inconsistency.Of(responses, Flat(holistic), Flat(holistic)), Is.Zero);
            Assert.That(Inconsistency.Of(responses, [.. Flat(holistic).Select(x => -x)], Flat(holistic)), Is.EqualTo(100));
            Assert.That(Inconsistency.Of([responses[0], responses[2]], [1, 2], [1, 2]), Is.Null, "responses to different prompts do not compare");
        });
    }

    [Test]
    public void The_aspects_that_contradict_least_are_chosen_and_reported()
    {
        ScoreRequest[] reference = [.. ((string[])["a", "aa", "aaa"]).Select(text => new ScoreRequest(Answer.Prompt, Conversation.Assistant(text)))];
        ScorerMember Named(double factor) => new(new Speaks(r => [new(1, factor * r.Response.LastContent.Length)]) { Name = factor > 0 ? "long" : "short" });
        var measures = new Dictionary<string, double>();
        var scorer = new AlarmComposer(new() { Aspects = 1 }).Compose(
            [new(new FakeScorer(r => r.Response.LastContent.Length)), Named(-1), Named(1)], new(reference, 1, null, measures.Add), default);
        Assert.That(measures, Is.EqualTo(new Dictionary<string, double> { ["inconsistency of short"] = 100, ["inconsistency of long"] = 0 }));
        Assert.That(scorer.Name, Does.EndWith("with long"));
    }

    [Test]
    public void What_makes_no_sense_is_refused_in_words() => Assert.Multiple(() =>
    {
        Assert.That(() => Score(LongForm), Throws.TypeOf<RewardKitException>().With.Message.Contains("a holistic scorer, then aspects"));
        Assert.That(() => Score(LongForm, Holistic(1, 1), Rule(1) with { Weight = -1 }), Throws.TypeOf<RewardKitException>().With.Message.Contains("weights of 0 or more"));
        Assert.That(() => Score(LongForm, new ScorerMember(new FakeComparer(_ => 0))), Throws.TypeOf<RewardKitException>().With.Message.Contains("compares two responses"));
        Assert.That(
            () => new AlarmComposer(new() { Aspects = 1 }).Compose(
                [new(new FakeScorer(r => r.Prompt.LastContent.Length)), Rule(1)],
                new([Answer, Answer with { Prompt = Conversation.User("other") }], 1), default),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("no reference prompt has two"));
    });

    private static ScorerMember Holistic(double reward, double weight) => new(new FakeScorer(_ => reward), weight);

    private static ScorerMember Rule(double reward) => new(new FakeScorer(_ => reward));

    private static IStepScorer Compose(AlarmOptions options, params ScorerMember[] members) => (IStepScorer)new AlarmComposer(options).Compose(members, new([], 1), default);

    private static double Score(AlarmOptions options, params ScorerMember[] members) => Compose(options, members).Score([Answer])[0];

    private static IEnumerable<(int, double)> Places(AlarmOptions options, params ScorerMember[] members) =>
        Compose(options, members).ScoreSteps([Answer])[0].Select(place => (place.End, place.Reward));

    private static bool Close((int End, double Reward) one, (int End, double Reward) other) => one.End == other.End && Math.Abs(one.Reward - other.Reward) < 1e-8;

    private sealed class Speaks(Func<ScoreRequest, PlacedReward[]> places) : IStepScorer
    {
        public string Name { get; init; } = "aspect";

        public IReadOnlyList<double> Score(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) => throw new InvalidOperationException("its places are asked for");

        public IReadOnlyList<IReadOnlyList<PlacedReward>> ScoreSteps(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) => [.. requests.Select(places)];
    }
}
