using RewardKit.Plugins.Tests;
using static RewardKit.Plugins.Crome.Tests.Augmented;
using static RewardKit.Plugins.Crome.Tests.FakeOracle;

namespace RewardKit.Plugins.Crome.Tests;

public sealed class CromeCausalAugmenterTests
{
    private static readonly CromeCausalOptions Unfiltered = new() { FilterThreshold = -1 };

    [Test]
    public void Each_attribute_is_moved_alone_and_the_better_text_wins()
    {
        var originals = PairsTo(3);
        var (all, counts) = Run(Unfiltered, new(), originals);
        var made = all.Where(e => e.Provenance.Parent is not null).ToArray();
        Assert.That(all.Except(made), Is.EqualTo(originals));
        Assert.That(made, Has.Length.EqualTo(30));
        Assert.That(all.Select(e => e.Id), Is.Unique);
        foreach (var row in made)
        {
            var parent = originals.Single(e => e.Id == row.Provenance.Parent);
            var up = row.Provenance.Augmentation == "causal_up";
            var (original, rewrite) = up ? (row.Rejected, row.Chosen) : (row.Chosen, row.Rejected);
            var (before, after) = (Levels(original.LastContent), Levels(rewrite.LastContent));
            Assert.Multiple(() =>
            {
                Assert.That(row.Prompt, Is.EqualTo(parent.Prompt));
                Assert.That(original, Is.EqualTo(up ? parent.Rejected : parent.Chosen));
                Assert.That(row.Relation, Is.EqualTo(Relation.Preferred));
                Assert.That(before.Keys.Where(k => before[k] != after[k]), Is.EqualTo(new[] { row.Provenance.Attribute }));
                Assert.That(after[row.Provenance.Attribute!], Is.EqualTo(up ? "5" : "0"));
            });
        }
        Assert.That(made.CountBy(e => (e.Provenance.Parent, e.Provenance.Attribute)).Select(c => c.Value), Has.Exactly(15).Items.And.All.EqualTo(2));
        Assert.That(counts, Is.EqualTo(new Dictionary<string, long>
        {
            ["causal.pairs"] = 3,
            ["causal.attributes.asked"] = 3,
            ["causal.review.asked"] = 3,
            ["causal.elements.asked"] = 15,
            ["causal.rewrites.asked"] = 30,
            ["causal.verdicts.asked"] = 30,
            ["causal.verdicts.fail"] = 0,
            ["causal.up.made"] = 15,
            ["causal.up.kept"] = 15,
            ["causal.up.dropped"] = 0,
            ["causal.down.made"] = 15,
            ["causal.down.kept"] = 15,
            ["causal.down.dropped"] = 0,
        }));
    }

    [Test]
    public void Options_say_how_much_is_asked()
    {
        string[] Kinds(CromeCausalOptions options) => [.. Run(options, new(), Pair(1)).All.Select(e => e.Provenance.Augmentation ?? "")];
        var oracle = new FakeOracle();
        Run(Unfiltered with { Attributes = 2, Elements = 3, Review = false, Verify = false }, oracle, Pair(1));
        Assert.Multiple(() =>
        {
            Assert.That(Kinds(Unfiltered with { Upgrade = false, Attributes = 2 }), Is.EqualTo(new[] { "", "causal_down", "causal_down" }));
            Assert.That(Kinds(Unfiltered with { Degrade = false, Attributes = 1 }), Is.EqualTo(new[] { "", "causal_up" }));
            Assert.That(oracle.Calls, Is.EqualTo(new[] { ("attributes", 1), ("elements", 2), ("rewrites", 4) }));
            Assert.That(oracle.Asked.Last().Request.Prompt.LastContent, Does.Contain("- part 3 of completeness: raises it").And.Not.Contain("part 4"));
            Assert.That(() => new CromeCausalAugmenter(new() { Upgrade = false, Degrade = false }),
                Throws.TypeOf<RewardKitException>().With.Message.Contains("leaves no rows"));
        });
    }

    [Test]
    public void Rewrites_that_change_more_than_they_should_do_not_pass()
    {
        // Whatever moves the format changes the tone, too, and half of the rewrites of clarity go the wrong way.
        var oracle = new FakeOracle
        {
            Twist = (stage, request, reply) => stage != "rewrites" ? reply
                : reply.Text.Contains("format=0") || reply.Text.Contains("format=5") ? reply with { Text = reply.Text.Replace("tone=", "tone=very") }
                : reply with { Text = reply.Text.Replace("clarity=0", "clarity=9") },
        };
        var (all, counts) = Run(Unfiltered, oracle, PairsTo(4));
        var made = all.Skip(4).ToArray();
        Assert.That(made, Has.Length.EqualTo(28));
        Assert.That(made.Select(e => e.Provenance.Attribute), Has.None.EqualTo("format"));
        Assert.That(made.Where(e => e.Provenance.Attribute == "clarity").Select(e => e.Provenance.Augmentation), Has.All.EqualTo("causal_up"));
        Assert.That(counts["causal.verdicts.fail"], Is.EqualTo(12));
        Assert.That(Run(Unfiltered with { Verify = false }, new() { Twist = oracle.Twist }, PairsTo(4)).All, Has.Count.EqualTo(44));
    }

    [TestCase("attributes", "no idea", "unparseable", 3, 0)]
    [TestCase("attributes", """{"Attributes": {"accuracy": 1}}""", "wrong-count", 3, 0)]
    [TestCase("attributes", """{"Attributes": {"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.5, "e": -1}}""", "weights", 3, 0)]
    [TestCase("attributes", " ", "empty", 3, 0)]
    [TestCase("review", "They are fine.", "unparseable", 3, 10)]
    [TestCase("elements", "[]", "unparseable", 15, 0)]
    [TestCase("rewrites", "I will not make it worse.", "unparseable", 30, 0)]
    [TestCase("rewrites", "Rewritten answer:", "empty", 30, 0)]
    [TestCase("verdicts", "Hard to say.", "missing", 30, 0)]
    [TestCase("verdicts", "Verdict: Pass and Verdict: Fail", "missing", 30, 0)]
    public void Answers_that_cannot_be_used_are_asked_again_and_counted(string stage, string text, string reason, int times, int rows)
    {
        var oracle = new FakeOracle { Twist = (at, _, reply) => at == stage ? reply with { Text = text } : reply };
        var (all, counts) = Run(Unfiltered, oracle, Pair(1));
        Assert.Multiple(() =>
        {
            Assert.That(all, Has.Count.EqualTo(1 + rows));
            Assert.That(counts[$"causal.{stage}.{reason}"], Is.EqualTo(times));
            Assert.That(counts[$"causal.{stage}.given-up"], Is.EqualTo(times / 3));
        });
    }

    [TestCase(FinishReason.MaxTokens, "cut-off", 30)]
    [TestCase(FinishReason.ContextFull, "cut-off", 10)]
    [TestCase(FinishReason.Refused, "refused", 10)]
    public void A_whole_looking_answer_that_was_cut_off_or_refused_is_none(FinishReason finish, string reason, int times)
    {
        var oracle = new FakeOracle { Twist = (stage, _, reply) => stage == "rewrites" ? reply with { Finish = finish } : reply };
        var (all, counts) = Run(Unfiltered, oracle, Pair(1));
        Assert.That(all, Has.Count.EqualTo(1));
        Assert.That(counts[$"causal.rewrites.{reason}"], Is.EqualTo(times));
    }

    [Test]
    public void The_same_text_again_is_no_rewrite()
    {
        var oracle = new FakeOracle { Twist = (stage, request, reply) => stage != "rewrites" ? reply : Reply("Rewritten answer: " + Original(request)) };
        var (all, counts) = Run(Unfiltered, oracle, Pair(1));
        Assert.That(all, Has.Count.EqualTo(1));
        Assert.That(counts["causal.rewrites.unchanged"], Is.EqualTo(30));

        static string Original(TextRequest request) => request.Prompt.LastContent.Split("<answer>\n")[1].Split("\n</answer>")[0];
    }

    [Test]
    public void One_good_answer_of_three_is_enough()
    {
        var seen = new Dictionary<string, int>();
        var oracle = new FakeOracle
        {
            Twist = (stage, request, reply) =>
            {
                var times = seen[request.Prompt.LastContent] = seen.GetValueOrDefault(request.Prompt.LastContent) + 1;
                return times < 3 ? reply with { Text = "hm" } : reply;
            },
        };
        var (all, counts) = Run(Unfiltered, oracle, PairsTo(2));
        Assert.That(all, Is.EqualTo(Run(Unfiltered, new(), PairsTo(2)).All));
        Assert.That(counts["causal.rewrites.asked"], Is.EqualTo(60));
        Assert.That(counts["causal.rewrites.unparseable"], Is.EqualTo(40));
        Assert.That(counts.Keys, Has.None.Contains("given-up"));
    }

    [Test]
    public void Weights_that_stay_wrong_are_divided_by_their_sum_and_flagged()
    {
        var oracle = new FakeOracle { Twist = (stage, _, reply) => stage == "attributes" ? reply with { Text = reply.Text.Replace("0.30", "0.80") } : reply };
        var (all, counts) = Run(Unfiltered, oracle, Pair(1));
        Assert.Multiple(() =>
        {
            Assert.That(all, Has.Count.EqualTo(11));
            Assert.That(counts["causal.attributes.weights"], Is.EqualTo(3));
            Assert.That(counts["causal.attributes.mended"], Is.EqualTo(1));
            // 0.8 of 1.5.
            Assert.That(oracle.Asked.First(a => a.Stage == "review").Request.Prompt.LastContent, Does.Contain("\"accuracy\":0.5333333333333333"));
        });
    }

    [Test]
    public void A_stage_asks_for_many_pairs_at_once()
    {
        var oracle = new FakeOracle();
        Run(Unfiltered with { Attributes = 1, Elements = 1, Upgrade = false }, oracle, PairsTo(300));
        string[] stages = ["attributes", "review", "elements", "rewrites", "verdicts"];
        Assert.That(oracle.Calls, Is.EqualTo(stages.Select(s => (s, 256)).Concat(stages.Select(s => (s, 44)))));
    }

    [Test]
    public void Every_request_has_its_own_seed_which_the_seed_decides()
    {
        long[] SeedsOf(int seed, int? fixedSeed = null)
        {
            var oracle = new FakeOracle { Twist = (_, _, reply) => reply with { Text = "hm" } };
            Augmented.Run(PairsTo(20), oracle, null, seed, new CromeCausalAugmenter(Unfiltered with { Seed = fixedSeed, Temperature = 0.3, MaxTokens = 77 }));
            Assert.That(oracle.Asked.Select(a => (a.Request.Options.Temperature, a.Request.Options.MaxTokens)), Has.All.EqualTo((0.3, 77)));
            return [.. oracle.Asked.Select(a => a.Request.Options.Seed)];
        }
        Assert.Multiple(() =>
        {
            Assert.That(SeedsOf(1), Has.Length.EqualTo(60).And.Unique.And.All.InRange(0L, int.MaxValue));
            Assert.That(SeedsOf(1), Is.EqualTo(SeedsOf(1)));
            Assert.That(SeedsOf(2).Intersect(SeedsOf(1)), Is.Empty);
            Assert.That(SeedsOf(2, fixedSeed: 1), Is.EqualTo(SeedsOf(1)));
        });
    }

    [Test]
    public void A_pair_is_asked_the_same_whatever_stands_beside_it()
    {
        static (string, TextRequest)[] Of(FakeOracle oracle) => [.. oracle.Asked.Where(a => a.Request.Prompt.LastContent.Contains("question 7\n"))
            .Select(a => (a.Stage, a.Request with { Options = a.Request.Options with { StopStrings = [], StopTokens = [] } }))];
        var (alone, among) = (new FakeOracle(), new FakeOracle());
        Run(Unfiltered, alone, Pair(7));
        Run(Unfiltered, among, PairsTo(9));
        Assert.That(Of(alone), Has.Length.EqualTo(27).And.EqualTo(Of(among)));
    }

    [Test]
    public void The_share_of_pairs_is_drawn_by_the_seed()
    {
        string[] Taken(double share, int seed) => [.. Augmented.Run(
            PairsTo(400), new FakeOracle(), null, seed, new CromeCausalAugmenter(Unfiltered with { Share = share, Attributes = 1, Upgrade = false }))
            .All.Select(e => e.Provenance.Parent).OfType<string>()];
        Assert.Multiple(() =>
        {
            Assert.That(Taken(0.3, 1), Has.Length.InRange(90, 150)); // 120, with a standard deviation of 9
            Assert.That(Taken(0.3, 2), Is.Not.EqualTo(Taken(0.3, 1)));
            Assert.That(Taken(0.3, 1), Is.SubsetOf(Taken(0.6, 1)));
            Assert.That(Taken(0, 1), Is.Empty);
            Assert.That(Taken(1, 1), Has.Length.EqualTo(400));
        });
    }

    [Test]
    public void Only_original_preferences_of_single_answers_are_rewritten()
    {
        var made = Pair(2) with { Provenance = new("data", 2, "iqn", Parent: "data:1") };
        var long_ = Pair(3) with { Chosen = new([new("assistant", "a"), new("critic", "b")]) };
        var (all, counts) = Run(Unfiltered, new(), Pair(1) with { Relation = Relation.Tie }, made, long_, Pair(4));
        Assert.That(all.Select(e => e.Provenance.Parent).OfType<string>().Distinct(), Is.EqualTo(new[] { "data:1", "data:4" }));
        Assert.That(all.Count(e => e.Provenance.Parent == "data:4"), Is.EqualTo(10));
        Assert.That(counts["causal.pairs.of-several-turns"], Is.EqualTo(1));
    }

    [Test]
    public void What_the_baseline_already_judges_right_is_dropped()
    {
        // Accuracy counts 0.7 a level, so that 3 against 0 gives 2.1 and 5 against 1 gives 2.8; ln 4 = 1.386 is the bound.
        // Of the other attributes the baseline sees the clarity the wrong way round, and the rest not at all.
        var scorer = new FakeScorer(r => Levels(r.Response.LastContent) is var l ? 0.7 * int.Parse(l["accuracy"]) - int.Parse(l["clarity"]) : 0);
        var (all, counts) = Augmented.Run(PairsTo(3), new FakeOracle(), scorer, 1, new CromeCausalAugmenter(new()));
        var made = all.Skip(3).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(made, Has.Length.EqualTo(24));
            Assert.That(made.Select(e => e.Provenance.Attribute), Has.None.EqualTo("accuracy"));
            Assert.That(made.Count(e => e.Provenance.Attribute == "clarity"), Is.EqualTo(6));
            Assert.That((counts["causal.up.dropped"], counts["causal.down.dropped"]), Is.EqualTo((3, 3)));
            Assert.That(ConfidenceFilter.Filter(made, 0.2, new(1, scorer, (_, _) => { }), default), Is.EqualTo(made), "the filter is idempotent");
        });
    }

    [Property(MaxTest = 20)]
    public void A_larger_threshold_keeps_a_subset(byte first, byte second)
    {
        var scorer = new FakeScorer(r => r.Response.LastContent.Aggregate(7, (sum, c) => (sum * 31 + c) % 4001) / 1000.0 - 2);
        var (low, high) = (Math.Min(first, second) / 255.0, Math.Max(first, second) / 255.0);
        string[] Kept(double threshold) => [.. Augmented.Run(
            PairsTo(6), new FakeOracle(), scorer, 1, new CromeCausalAugmenter(new() { FilterThreshold = threshold })).All.Skip(6).Select(e => e.Id)];
        Assert.Multiple(() =>
        {
            Assert.That(Kept(high), Is.SubsetOf(Kept(low)));
            Assert.That(Kept(low), Is.SubsetOf(Kept(-0.001)));
            Assert.That(Kept(-0.001), Has.Length.EqualTo(60));
            Assert.That(Kept(1), Is.Empty);
        });
    }

    [Test]
    public void It_needs_a_generator_and_where_it_filters_a_baseline() => Assert.Multiple(() =>
    {
        Assert.That(new CromeCausalAugmenter(new()).Needs, Is.EqualTo(AugmenterNeeds.Generator | AugmenterNeeds.Baseline));
        Assert.That(new CromeCausalAugmenter(Unfiltered).Needs, Is.EqualTo(AugmenterNeeds.Generator));
    });
}
