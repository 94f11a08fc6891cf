using FsCheck;
using FsCheck.NUnit;
using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.Ensembles.Tests;

public sealed class EnsembleComposerTests
{
    private static readonly ScoreRequest Response = new(Conversation.User("question"), Conversation.Assistant("answer"));

    [TestCase(Aggregate.Mean, 2.333333333)]
    [TestCase(Aggregate.Worst, 1)]
    [TestCase(Aggregate.Median, 2)]
    public void The_worked_rewards(Aggregate aggregate, double expected) =>
        Assert.That(Reward(new() { Aggregate = aggregate }, 1, 2, 4), Is.EqualTo(expected).Within(1e-9));

    [TestCase(0.5, 1.709723769, 1.569570718, 1.555555556, 1.166666667)]
    [TestCase(1, 1.086114204, 0.805808102, 0.777777778, 0)]
    [TestCase(2, -0.161104925, -0.721717130, -0.777777778, -2.333333333)]
    public void The_worked_costs_of_disagreement(double caution, double bound, double unbiasedBound, double lessVariance, double lessUnbiased) => Assert.Multiple(() =>
    {
        double Of(Aggregate aggregate, int ddof) => Reward(new() { Aggregate = aggregate, Caution = caution, Ddof = ddof }, 1, 2, 4);
        Assert.That(Of(Aggregate.LowerBound, 0), Is.EqualTo(bound).Within(1e-8));
        Assert.That(Of(Aggregate.LowerBound, 1), Is.EqualTo(unbiasedBound).Within(1e-8));
        Assert.That(Of(Aggregate.MeanLessVariance, 0), Is.EqualTo(lessVariance).Within(1e-8));
        Assert.That(Of(Aggregate.MeanLessVariance, 1), Is.EqualTo(lessUnbiased).Within(1e-8));
    });

    [TestCase(Aggregate.Mean, 1)]
    [TestCase(Aggregate.Worst, 0)]
    [TestCase(Aggregate.LowerBound, 0)]
    public void Which_candidate_is_best_depends_on_caution(Aggregate aggregate, int best)
    {
        double[][] candidates = [[2.0, 2.1, 1.9], [3.5, 0.2, 2.9], [1, 1, 1]];
        double[] rewards = [.. candidates.Select(c => Reward(new() { Aggregate = aggregate }, c))];
        Assert.That(Array.IndexOf(rewards, rewards.Max()), Is.EqualTo(best));
        if (aggregate == Aggregate.LowerBound)
            Assert.That(rewards[..2], Is.EqualTo((double[])[1.918350342, 0.764729991]).Within(1e-8));
    }

    [Property]
    public void A_single_member_and_equal_members_give_their_own_reward(NormalFloat reward, Aggregate aggregate, bool unbiased)
    {
        var options = new EnsembleOptions { Aggregate = aggregate, Ddof = unbiased ? 1 : 0 };
        Assert.That(Reward(options, reward.Get), Is.EqualTo(reward.Get));
        Assert.That(Reward(options, reward.Get, reward.Get, reward.Get), Is.EqualTo(reward.Get));
    }

    [Property]
    public void Adding_moves_and_scaling_scales(sbyte[] drawn, sbyte added, byte factor)
    {
        double[] rewards = drawn.Length == 0 ? [1, 2] : [.. drawn.Select(d => d / 16.0)];
        var s = 1 + factor / 64.0;
        foreach (var aggregate in Enum.GetValues<Aggregate>())
        {
            var options = new EnsembleOptions { Aggregate = aggregate };
            var whole = Reward(options, rewards);
            Assert.That(Reward(options, [.. rewards.Select(r => r + added)]), Is.EqualTo(whole + added).Within(1e-9));
            Assert.That(Reward(options, [.. rewards.Reverse()]), Is.EqualTo(whole).Within(1e-9));
            // The variance grows with the square.
            var scaled = aggregate == Aggregate.MeanLessVariance ? s * rewards.Average() + s * s * (whole - rewards.Average()) : s * whole;
            Assert.That(Reward(options, [.. rewards.Select(r => r * s)]), Is.EqualTo(scaled).Within(1e-9 * (1 + Math.Abs(scaled))));
            if (aggregate != Aggregate.Median) Assert.That(whole, Is.LessThanOrEqualTo(rewards.Average() + 1e-12));
        }
    }

    [Test]
    public void Weights_count_in_mean_and_variance() => Assert.Multiple(() =>
    {
        Assert.That(Weighted(new(), (1, 3), (5, 1)), Is.EqualTo(2).Within(1e-12));
        Assert.That(Weighted(new() { Aggregate = Aggregate.MeanLessVariance }, (1, 3), (5, 1)), Is.EqualTo(2 - 3).Within(1e-12));
        Assert.That(Weighted(new() { Aggregate = Aggregate.Worst }, (1, 0), (5, 1)), Is.EqualTo(5), "a member of weight zero");
    });

    [Test]
    public void Normalised_members_stand_on_one_scale()
    {
        // One member speaks in hundreds: it would decide alone.
        ScoreRequest[] reference = [.. Enumerable.Range(1, 4).Select(i => new ScoreRequest(Response.Prompt, Conversation.Assistant(new string('a', i))))];
        ScorerMember[] members = [new(new FakeScorer(r => 100 * r.Response.LastContent.Length)), new(new FakeScorer(r => -r.Response.LastContent.Length))];
        var scorer = (IEnsembleScorer)new EnsembleComposer(new() { Normalise = true }).Compose(members, new(reference, 1), default);

        var score = scorer.ScoreMembers([reference[3]])[0];

        // Lengths 1 to 4: mean 2.5, deviation √1.25.
        Assert.That(score.Members, Is.EqualTo((double[])[1.5 / Math.Sqrt(1.25), -1.5 / Math.Sqrt(1.25)]).Within(1e-12));
        Assert.That(score.Reward, Is.Zero.Within(1e-12));
    }

    [Test]
    public void Each_output_of_a_head_has_a_scale_of_its_own()
    {
        ScoreRequest[] reference = [.. ((string[])["a", "aaa"]).Select(text => new ScoreRequest(Response.Prompt, Conversation.Assistant(text)))];
        ScorerMember[] members = [new(new FakeScorer(_ => 0)) { Heads = new Outputs(r => [r.Response.LastContent.Length, 100 - 10 * r.Response.LastContent.Length]) }];

        var score = ((IEnsembleScorer)new EnsembleComposer(new() { Normalise = true }).Compose(members, new(reference, 1), default)).ScoreMembers([reference[1]])[0];

        Assert.That(score.Members, Is.EqualTo((double[])[1, -1]).Within(1e-12));
    }

    [Test]
    public void A_member_that_always_says_the_same_has_no_scale()
    {
        ScorerMember[] members = [new(new FakeScorer(_ => 7))];
        Assert.That(new EnsembleComposer(new() { Normalise = true }).Compose(members, new([Response, Response], 1), default).Score([Response]), Is.EqualTo((double[])[0]));
    }

    [Test]
    public void The_outputs_of_a_head_are_members_and_share_its_weight()
    {
        ScorerMember[] members = [new(new FakeScorer(_ => 1)) { Heads = new Outputs(_ => [1, 3]) }, new(new FakeScorer(_ => 6))];
        EnsembleScore Of(EnsembleOptions options) => ((IEnsembleScorer)new EnsembleComposer(options).Compose(members, new([], 1), default)).ScoreMembers([Response])[0];
        Assert.Multiple(() =>
        {
            Assert.That(Of(new()).Members, Is.EqualTo((double[])[1, 3, 6]));
            Assert.That(Of(new()).Reward, Is.EqualTo(4).Within(1e-12));
            Assert.That(Of(new() { Heads = false }).Members, Is.EqualTo((double[])[1, 6]));
            Assert.That(new EnsembleComposer(new() { Heads = false }).Needs, Is.EqualTo(ComposerNeeds.None));
        });
    }

    [Test]
    public void What_makes_no_sense_is_refused_in_words() => Assert.Multiple(() =>
    {
        Assert.That(() => Reward(new()), Throws.TypeOf<RewardKitException>().With.Message.Contains("Members.seeds"));
        Assert.That(() => Weighted(new(), (1, -1)), Throws.TypeOf<RewardKitException>().With.Message.Contains("weights of 0 or more"));
        Assert.That(() => Reward(new() { Normalise = true }, 1, 2), Throws.TypeOf<RewardKitException>().With.Message.Contains("there are 0"));
        Assert.That(
            () => new EnsembleComposer(new()).Compose([new(new FakeComparer(_ => 0))], new([], 1), default),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("compares two responses"));
    });

    [Test]
    public void Disagreement_is_that_of_the_members_margins()
    {
        ScorerMember[] members = [.. ((double[])[0.36, -0.60, -0.04]).Select(margin => new ScorerMember(new FakeScorer(r => r.Response.LastContent == "good" ? margin : 0)))];
        var pair = Pairs.Preference(1) with { Chosen = Conversation.Assistant("good"), Rejected = Conversation.Assistant("bad") };

        var score = new EnsembleComposer(new()).Compose(members, new([], 1), default).ScorePairs([pair])[0];

        var mean = (0.36 - 0.60 - 0.04) / 3;
        Assert.That(score.Margin, Is.EqualTo(mean).Within(1e-12));
        Assert.That(score.Disagreement, Is.EqualTo(Math.Sqrt((Math.Pow(0.36 - mean, 2) + Math.Pow(-0.60 - mean, 2) + Math.Pow(-0.04 - mean, 2)) / 3)).Within(1e-12));
    }

    private static double Reward(EnsembleOptions options, params double[] rewards) => Weighted(options, [.. rewards.Select(reward => (reward, 1.0))]);

    private static double Weighted(EnsembleOptions options, params (double Reward, double Weight)[] members) =>
        new EnsembleComposer(options).Compose([.. members.Select(m => new ScorerMember(new FakeScorer(_ => m.Reward), m.Weight))], new([], 1), default).Score([Response])[0];

    private sealed class Outputs(Func<ScoreRequest, double[]> of) : IEnsembleScorer
    {
        public string Name => "head";

        public IReadOnlyList<EnsembleScore> ScoreMembers(IReadOnlyList<ScoreRequest> requests, CancellationToken cancellation) =>
            [.. requests.Select(request => new EnsembleScore(of(request)[0], of(request)))];
    }
}
