using RewardKit.Plugins.Tests;
using static RewardKit.Plugins.Rrm.Tests.RrmRows;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Rrm.Tests;

/// <summary>Which of the rows made go on: the random part, and of it what the baseline does not judge right.</summary>
public sealed class RrmSelectionTests
{
    [TestCase(0.0, 10, 0)]
    [TestCase(0.5, 10, 70)]
    [TestCase(0.25, 3, 11)]
    [TestCase(1.0, 10, 140)]
    public void The_sample_has_just_the_size_asked_for(double sample, int preferences, int rows)
    {
        var (made, counts) = Run(All with { Sample = sample }, Preferences(preferences));
        Assert.That(made, Has.Count.EqualTo(rows));
        Assert.That(counts["rrm.non-contextual.not-sampled"] + counts["rrm.neutral.not-sampled"], Is.EqualTo(14 * preferences - rows));
    }

    [Test]
    public void Each_row_is_sampled_equally_often()
    {
        var taken = Enumerable.Range(0, 600).SelectMany(seed => Run(All with { Sample = 0.5 }, Preferences(5), seed).Made)
            .CountBy(e => (Number(e.Prompt), e.Id.Split("+rrm")[1].Split('(')[0])).ToArray();
        // 300 of each expected, with a standard deviation of 12.
        Assert.That(taken, Has.Length.EqualTo(70));
        Assert.That(taken.Select(t => t.Value), Has.All.InRange(245, 355));
    }

    [Test]
    public void Seed_and_input_decide_everything()
    {
        var first = Run(new(), Preferences(30), baseline: Scattered).Made;
        Assert.Multiple(() =>
        {
            Assert.That(Run(new(), Preferences(30), baseline: Scattered).Made, Is.EqualTo(first));
            Assert.That(Run(new(), Preferences(30), seed: 2, baseline: Scattered).Made, Is.Not.EqualTo(first));
        });
    }

    [TestCase(0.85, 1.0, false)]
    [TestCase(0.79, 1.0, true)]
    [TestCase(0.05, 0.0, false)]
    [TestCase(0.25, 0.0, true)]
    [TestCase(0.55, 0.5, false)]
    [TestCase(0.75, 0.5, true)]
    public void The_filter_rule(double probability, double target, bool keeps) =>
        Assert.That(BaselineFilter.Keeps(probability, target, 0.2), Is.EqualTo(keeps));

    [TestCase(0.0, 0.5)]
    [TestCase(1.3862943611, 0.8)] // ln 4
    [TestCase(-0.8472978604, 0.3)] // ln(3/7)
    [TestCase(0.8, 0.6899744811)]
    [TestCase(1e4, 1.0)]
    [TestCase(-1e4, 0.0)]
    public void The_probability_is_of_the_first_response(double margin, double expected) =>
        Assert.That(BaselineFilter.Probability(new(margin, 0)), Is.EqualTo(expected).Within(1e-9));

    [Test]
    public void What_the_baseline_judges_right_is_dropped()
    {
        // Answers under their own prompt have 2 more, chosen ones 1 more: σ(2) = 0.88 and σ(3) are right enough, σ(1) = 0.73 is not.
        var scorer = new FakeScorer(r => (Number(r.Prompt) == Number(r.Response) ? 2 : 0) + (r.Response.LastContent[0] == 'g' ? 1 : 0));
        var (made, counts) = Run(new() { Sample = 1 }, Preferences(10), baseline: scorer);
        Assert.Multiple(() =>
        {
            // Non-contextual: only rejected against chosen, 2 of 8. Neutral: only chosen against rejected, 4 of 6.
            Assert.That(made, Has.Count.EqualTo(60));
            Assert.That(made.Where(e => e.Relation == Relation.Preferred),
                Has.All.Matches<PreferenceExample>(e => e.Chosen.LastContent[0] == 'b' && e.Rejected.LastContent[0] == 'g'));
            Assert.That(made.Where(e => e.Relation == Relation.Tie), Has.All.Matches<PreferenceExample>(e => e.Chosen.LastContent[0] != e.Rejected.LastContent[0]));
            Assert.That(counts, Is.EqualTo(new Dictionary<string, long>
            {
                ["rrm.non-contextual.made"] = 80,
                ["rrm.non-contextual.not-sampled"] = 0,
                ["rrm.non-contextual.dropped"] = 60,
                ["rrm.non-contextual.kept"] = 20,
                ["rrm.neutral.made"] = 60,
                ["rrm.neutral.not-sampled"] = 0,
                ["rrm.neutral.dropped"] = 20,
                ["rrm.neutral.kept"] = 40,
            }));
        });
    }

    [Property]
    public void A_larger_threshold_keeps_a_subset(byte first, byte second)
    {
        var (low, high) = (Math.Min(first, second) / 255.0, Math.Max(first, second) / 255.0);
        string[] Kept(double threshold) => [.. Run(new() { FilterThreshold = threshold }, Preferences(12), baseline: Scattered).Made.Select(e => e.Id)];
        Assert.Multiple(() =>
        {
            Assert.That(Kept(high), Is.SubsetOf(Kept(low)));
            Assert.That(Kept(low), Is.SubsetOf(Kept(0)));
            Assert.That(Kept(0), Has.Length.EqualTo(84));
        });
    }

    [Test]
    public void A_tie_that_the_baseline_ties_is_dropped_by_any_threshold_above_zero()
    {
        var undecided = new FakeScorer(_ => 0.3);
        List<PreferenceExample> Kept(double threshold) =>
            Run(new() { Sample = 1, FilterThreshold = threshold }, Preferences(5), baseline: undecided).Made;
        Assert.That(Kept(1e-9).Select(e => e.Relation), Has.Exactly(40).Items.And.All.EqualTo(Relation.Preferred));
        Assert.That(Kept(0), Has.Count.EqualTo(70));
    }

    [Test]
    public void The_baseline_scores_each_answer_under_a_prompt_once()
    {
        var asked = new List<ScoreRequest>();
        Run(new() { Sample = 1 }, Preferences(10), baseline: new FakeScorer(request =>
        {
            asked.Add(request);
            return 0;
        }));
        Assert.That(asked, Is.Unique.And.Count.EqualTo(60));
    }

    [Test]
    public void A_baseline_is_asked_for_only_where_the_filter_is_on() => Assert.Multiple(() =>
    {
        Assert.That(new RrmAugmenter(new()).Needs, Is.EqualTo(AugmenterNeeds.Baseline));
        Assert.That(new RrmAugmenter(All).Needs, Is.EqualTo(AugmenterNeeds.None));
        Assert.That(() => Run(All, Preferences(3)), Throws.Nothing);
        Assert.That(() => Run(new(), Preferences(3)), Throws.TypeOf<RewardKitException>().With.Message.Contains("Baseline.arm"));
    });
}
