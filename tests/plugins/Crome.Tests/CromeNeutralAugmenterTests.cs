using RewardKit.Plugins.Tests;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Crome.Tests;

public sealed class CromeNeutralAugmenterTests
{
    private static readonly CromeNeutralOptions Unfiltered = new() { FilterThreshold = -1 };

    // Rewards spread over [−2, 2) by text, the same in every process.
    private static readonly FakeScorer Baseline = new(request =>
        (request.Prompt.LastContent + request.Response.LastContent).Aggregate(7, (sum, c) => (sum * 31 + c) % 4001) / 1000.0 - 2);

    [Test]
    public void Neutrals_are_ties_of_one_parent_under_another_prompt()
    {
        var originals = Preferences(50);
        var (all, counts) = Run(new() { FilterThreshold = -1, Ratio = 3 }, originals);
        var parents = originals.ToDictionary(e => e.Id);
        Assert.Multiple(() =>
        {
            Assert.That(all.Take(50), Is.EqualTo(originals), "originals pass through, first and unchanged");
            Assert.That(all, Has.Count.EqualTo(200));
            Assert.That(all.Select(e => e.Id), Is.Unique);
            Assert.That(counts, Is.EqualTo(new[] { ("iqn.made", 150L), ("iqn.kept", 150L), ("iqn.dropped", 0L) }));
        });
        foreach (var neutral in all.Skip(50))
        {
            var parent = parents[neutral.Provenance.Parent!];
            Assert.Multiple(() =>
            {
                Assert.That(neutral.Relation, Is.EqualTo(Relation.Tie));
                Assert.That(neutral.Provenance.Augmentation, Is.EqualTo("iqn"));
                Assert.That(neutral.Chosen, Is.EqualTo(parent.Chosen));
                Assert.That(neutral.Rejected, Is.EqualTo(parent.Rejected));
                Assert.That(neutral.Prompt, Is.Not.EqualTo(parent.Prompt));
                Assert.That(originals.Select(e => e.Prompt), Has.Member(neutral.Prompt));
            });
        }
    }

    [TestCase(0.0, 10, 0)]
    [TestCase(0.25, 10, 3)]
    [TestCase(1.0, 10, 10)]
    [TestCase(2.5, 10, 25)]
    public void The_ratio_says_how_many_and_shares_them_out_evenly(double ratio, int originals, int neutrals)
    {
        var made = Run(Unfiltered with { Ratio = ratio }, Preferences(originals)).All.Skip(originals).ToArray();
        var perParent = Preferences(originals).Select(e => made.Count(n => n.Provenance.Parent == e.Id)).ToArray();
        Assert.That(made, Has.Length.EqualTo(neutrals));
        Assert.That(perParent.Max() - perParent.Min(), Is.LessThanOrEqualTo(1));
    }

    [Test]
    public void The_query_is_drawn_evenly_from_rows_with_another_prompt()
    {
        // Prompt "a" stands in three rows, so that "b" must get it three times as often as each of "c" and "d".
        PreferenceExample[] rows =
            [Preference(1, "a"), Preference(2, "b"), Preference(3, "a"), Preference(4, "c"), Preference(5, "a"), Preference(6, "d")];
        var drawn = Enumerable.Range(0, 40).SelectMany(seed => Run(Unfiltered with { Ratio = 100 }, rows, seed).All.Skip(6)).ToArray();
        double Share(string parent, string prompt)
        {
            var ofParent = drawn.Where(n => n.Provenance.Parent == parent).ToArray();
            return ofParent.Count(n => n.Prompt.LastContent == prompt) / (double)ofParent.Length;
        }
        // 4,000 draws a parent: a standard deviation of at most 0.008.
        Assert.Multiple(() =>
        {
            Assert.That(Share("data:2", "a"), Is.EqualTo(0.6).Within(0.03));
            Assert.That(Share("data:2", "c"), Is.EqualTo(0.2).Within(0.03));
            Assert.That(Share("data:2", "d"), Is.EqualTo(0.2).Within(0.03));
            Assert.That(Share("data:3", "a"), Is.Zero);
            Assert.That(Share("data:3", "b"), Is.EqualTo(1 / 3.0).Within(0.03));
            Assert.That(Share("data:3", "d"), Is.EqualTo(1 / 3.0).Within(0.03));
        });
    }

    [Test]
    public void Seed_and_input_decide_everything()
    {
        var first = Run(new(), Preferences(30)).All;
        Assert.Multiple(() =>
        {
            Assert.That(Run(new(), Preferences(30)).All, Is.EqualTo(first));
            Assert.That(Run(new(), Preferences(30), seed: 2).All, Is.Not.EqualTo(first));
        });
    }

    [Test]
    public async Task How_the_stream_is_read_changes_nothing()
    {
        var expected = Run(new(), Preferences(30)).All;
        var stream = new CromeNeutralAugmenter(new()).AugmentAsync(Slowly(Preferences(30)), Context(1, []), default);
        var twice = new List<PreferenceExample>();
        await using var ahead = stream.GetAsyncEnumerator();
        for (var i = 0; i < 35; i++) await ahead.MoveNextAsync(); // a second reader, somewhere else in the stream
        await foreach (var example in stream)
        {
            twice.Add(example);
            await ahead.MoveNextAsync();
        }
        Assert.That(twice, Is.EqualTo(expected));

        static async IAsyncEnumerable<PreferenceExample> Slowly(IEnumerable<PreferenceExample> examples)
        {
            foreach (var example in examples)
            {
                await Task.Yield();
                yield return example;
            }
        }
    }

    [Test]
    public void Ties_pass_through_but_have_no_neutrals_and_give_no_prompt()
    {
        var all = Run(Unfiltered with { Ratio = 10 }, Preference(1), Tie(2), Preference(3), Tie(4)).All;
        Assert.Multiple(() =>
        {
            Assert.That(all.Take(4).Select(e => e.Id), Is.EqualTo(new[] { "data:1", "data:2", "data:3", "data:4" }));
            Assert.That(all.Skip(4).Select(e => e.Provenance.Parent), Has.All.AnyOf("data:1", "data:3"));
            Assert.That(all.Skip(4).Select(e => e.Prompt.LastContent), Has.All.AnyOf("question 1", "question 3"));
        });
    }

    [Test]
    public void The_filter_keeps_what_the_baseline_does_not_tie()
    {
        // ln(7/3) = 0.8473 is where the probability is 0.5 ± 0.2.
        double[] margins = [0, 0.84, -0.84, 0.86, -0.86, 3];
        var scorer = new FakeScorer(r => r.Response.LastContent.Split(' ') is ["good", var n] ? margins[int.Parse(n) - 1] : 0);
        var (all, counts) = Run(new(), Preferences(6), scorer: scorer);
        Assert.Multiple(() =>
        {
            Assert.That(all.Skip(6).Select(e => e.Provenance.Parent), Is.EquivalentTo(new[] { "data:4", "data:5", "data:6" }));
            Assert.That(counts, Is.EqualTo(new[] { ("iqn.made", 6L), ("iqn.kept", 3L), ("iqn.dropped", 3L) }));
        });
    }

    [Test]
    public void The_baseline_judges_the_responses_under_the_new_prompt()
    {
        var asked = new List<ScoreRequest>();
        var scorer = new FakeScorer(request =>
        {
            asked.Add(request);
            return 0;
        });
        Run(new(), Preferences(4), scorer: scorer);
        Assert.That(asked, Has.Count.EqualTo(8));
        Assert.That(asked.Select(r => r.Prompt.LastContent[^1] == r.Response.LastContent[^1]), Has.None.True);
    }

    [Test]
    public void A_baseline_is_asked_for_only_where_the_filter_is_on() => Assert.Multiple(() =>
    {
        Assert.That(new CromeNeutralAugmenter(new()).Needs, Is.EqualTo(AugmenterNeeds.Baseline));
        Assert.That(new CromeNeutralAugmenter(Unfiltered).Needs, Is.EqualTo(AugmenterNeeds.None));
        Assert.That(() => Run(Unfiltered, Preferences(3), scorer: null, baseline: false), Throws.Nothing);
        Assert.That(() => Run(new(), Preferences(3), scorer: null, baseline: false),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("Baseline.arm"));
    });

    [Test]
    public void Prompts_that_are_all_the_same_are_refused() => Assert.That(
        () => Run(Unfiltered, Preference(1, "same"), Preference(2, "same")),
        Throws.TypeOf<RewardKitException>().With.Message.Contains("same prompt"));

    [Test]
    public void No_examples_give_none() => Assert.That(Run(new(), []).All, Is.Empty);

    [Property]
    public void A_larger_threshold_keeps_a_subset(byte first, byte second)
    {
        var (low, high) = (Math.Min(first, second) / 255.0, Math.Max(first, second) / 255.0);
        string[] Kept(double threshold) => [.. Run(new() { FilterThreshold = threshold }, Preferences(25)).All.Skip(25).Select(e => e.Id)];
        Assert.Multiple(() =>
        {
            Assert.That(Kept(high), Is.SubsetOf(Kept(low)));
            Assert.That(Kept(low), Is.SubsetOf(Kept(-0.001)));
            Assert.That(Kept(-0.001), Has.Length.EqualTo(25));
            Assert.That(Kept(1), Is.Empty);
        });
    }

    [TestCase(0.05, 0.0, false)]
    [TestCase(0.21, 0.0, true)]
    [TestCase(0.95, 1.0, false)]
    [TestCase(0.79, 1.0, true)]
    [TestCase(0.50, 0.5, false)]
    [TestCase(0.29, 0.5, true)]
    [TestCase(0.71, 0.5, true)]
    public void The_filter_rule(double probability, double target, bool keeps) =>
        Assert.That(ConfidenceFilter.Keeps(probability, target, 0.2), Is.EqualTo(keeps));

    [TestCase(0.0, 0.5)]
    [TestCase(1.3862943611, 0.2)] // ln 4
    [TestCase(-0.8472978604, 0.7)] // ln(3/7)
    [TestCase(1e4, 0.0)]
    [TestCase(-1e4, 1.0)]
    public void The_probability_is_of_the_second_response(double margin, double expected) =>
        Assert.That(ConfidenceFilter.Probability(new(margin, 0)), Is.EqualTo(expected).Within(1e-9));

    private static (List<PreferenceExample> All, List<(string, long)> Counts) Run(CromeNeutralOptions options, params PreferenceExample[] examples) =>
        Run(options, examples, 1);

    private static (List<PreferenceExample> All, List<(string, long)> Counts) Run(
        CromeNeutralOptions options, PreferenceExample[] examples, int seed = 1, IScorer? scorer = null, bool baseline = true)
    {
        var counts = new List<(string, long)>();
        var context = baseline ? Context(seed, counts, scorer) : new(seed, null, (reason, count) => counts.Add((reason, count)));
        var all = new CromeNeutralAugmenter(options).AugmentAsync(examples.ToAsyncEnumerable(), context, default)
            .ToListAsync().AsTask().GetAwaiter().GetResult();
        return (all, counts);
    }

    private static AugmentationContext Context(int seed, List<(string, long)> counts, IScorer? scorer = null) =>
        new(seed, scorer ?? Baseline, (reason, count) => counts.Add((reason, count)));
}
