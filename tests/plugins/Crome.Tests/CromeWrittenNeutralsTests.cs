using RewardKit.Plugins.Tests;
using static RewardKit.Plugins.Crome.Tests.FakeOracle;

namespace RewardKit.Plugins.Crome.Tests;

/// <summary>The neutral rows that the oracle writes, and those of irrelevant queries after causal rows.</summary>
public sealed class CromeWrittenNeutralsTests
{
    private static readonly CromeCausalOptions Causal = new() { FilterThreshold = -1 };

    private static (PreferenceExample[] Made, Dictionary<string, long> Counts) Run(
        int pairs, FakeOracle oracle, string kind, IScorer? baseline, params IAugmenter[] augmenters)
    {
        var (all, counts) = Augmented.Run(PairsTo(pairs), oracle, baseline, 1, augmenters);
        return ([.. all.Where(e => e.Provenance.Augmentation == kind)], counts);
    }

    [Test]
    public void An_aligned_answer_has_the_better_ones_content_in_its_own_tone()
    {
        var (made, counts) = Run(4, new(), "can", null, new CromeCanAugmenter(new() { FilterThreshold = -1 }));
        Assert.That(made, Has.Length.EqualTo(4));
        foreach (var row in made)
        {
            var parent = Pair(int.Parse(row.Provenance.Parent!.Split(':')[1]));
            Assert.Multiple(() =>
            {
                Assert.That((row.Relation, row.Prompt, row.Chosen), Is.EqualTo((Relation.Tie, parent.Prompt, parent.Chosen)));
                Assert.That(row.Rejected.LastContent, Is.EqualTo(
                    $"bad {parent.Provenance.Record}: accuracy=3 completeness=3 clarity=3 format=3 conciseness=3 tone=salty"));
            });
        }
        Assert.That(counts, Is.EqualTo(new Dictionary<string, long>
        {
            ["can.differences.asked"] = 4,
            ["can.differences.none"] = 0,
            ["can.rewrites.asked"] = 4,
            ["can.rewrites.same-as-better"] = 0,
            ["can.made"] = 4,
            ["can.kept"] = 4,
            ["can.dropped"] = 0,
        }));
    }

    [Test]
    public void A_degraded_answer_is_restored_and_ties_with_what_it_was_made_of()
    {
        var (made, _) = Run(10, new(), "can", null, new CromeCausalAugmenter(Causal), new CromeCanAugmenter(new() { FilterThreshold = -1, Ratio = 100 }));
        var restored = made.Where(e => e.Provenance.Parent!.Contains("causal_down")).ToArray();
        Assert.That(made, Has.Length.EqualTo(10), "a restored answer that is the original word for word is no row");
        Assert.That(restored, Is.Empty);

        // This one degrades in other words, so that restoring gives the content back but not the text.
        var wordy = new FakeOracle
        {
            Twist = (stage, request, reply) => stage == "rewrites" && request.Prompt.LastContent.StartsWith("Make an answer worse")
                ? reply with { Text = reply.Text + ", you know" } : reply,
        };
        (made, _) = Run(10, wordy, "can", null, new CromeCausalAugmenter(Causal), new CromeCanAugmenter(new() { FilterThreshold = -1, Ratio = 100 }));
        restored = [.. made.Where(e => e.Provenance.Parent!.Contains("causal_down"))];
        Assert.That(restored, Has.Length.EqualTo(50));
        Assert.That(restored.Select(e => e.Rejected.LastContent), Is.EqualTo(restored.Select(e => e.Chosen.LastContent + ", you know")));
        Assert.That(restored.Select(e => e.Provenance.Attribute), Has.None.Null);
        Assert.That(Run(10, wordy, "can", null, new CromeCausalAugmenter(Causal), new CromeCanAugmenter(new() { FilterThreshold = -1, Ratio = 100, Restore = false })).Made,
            Has.Length.EqualTo(10));
    }

    [Test]
    public void Answers_that_do_not_differ_or_cannot_be_used_make_no_row()
    {
        var (made, counts) = Run(3, new() { Twist = (stage, _, reply) => stage == "differences" ? reply with { Text = "{\"differences\": []}" } : reply },
            "can", null, new CromeCanAugmenter(new() { FilterThreshold = -1 }));
        Assert.That((made.Length, counts["can.differences.none"]), Is.EqualTo((0, 3)));
        (made, counts) = Run(3, new() { Twist = (stage, _, reply) => stage == "rewrites" ? reply with { Text = "Sorry." } : reply },
            "can", null, new CromeCanAugmenter(new() { FilterThreshold = -1, Retries = 0 }));
        Assert.That((made.Length, counts["can.rewrites.unparseable"]), Is.EqualTo((0, 3)));
        (made, counts) = Run(3, new() { Twist = (_, _, reply) => reply with { Text = "Sorry." } },
            "para", null, new CromeParaAugmenter(new() { FilterThreshold = -1, Retries = 0 }));
        Assert.That((made.Length, counts["para.rewrites.unparseable"]), Is.EqualTo((0, 3)));
    }

    [TestCase(0.5, 5)]
    [TestCase(1.0, 10)]
    [TestCase(2.0, 20)]
    public void A_paraphrase_ties_with_its_answer(double ratio, int rows)
    {
        var (made, counts) = Run(10, new(), "para", null, new CromeParaAugmenter(new() { FilterThreshold = -1, Ratio = ratio }));
        Assert.That(made, Has.Length.EqualTo(rows));
        Assert.That(made.Select(e => e.Id), Is.Unique);
        Assert.That(counts["para.made"], Is.EqualTo(rows));
        foreach (var row in made)
        {
            var parent = Pair(int.Parse(row.Provenance.Parent!.Split(':')[1]));
            Assert.Multiple(() =>
            {
                Assert.That((row.Relation, row.Prompt), Is.EqualTo((Relation.Tie, parent.Prompt)));
                Assert.That(row.Chosen, Is.AnyOf(parent.Chosen, parent.Rejected));
                Assert.That(Levels(row.Rejected.LastContent)["tone"], Is.EqualTo("other"));
                Assert.That(Levels(row.Rejected.LastContent)["accuracy"], Is.EqualTo(Levels(row.Chosen.LastContent)["accuracy"]));
            });
        }
    }

    [Test]
    public void The_filter_keeps_what_the_baseline_does_not_tie()
    {
        // Its reward is the tone alone: an aligned answer differs by it, ln(7/3) = 0.847 is the bound.
        FakeScorer Baseline(double salty) => new(r => r.Response.LastContent.Contains("salty") ? salty : r.Response.LastContent.Contains("other") ? 0.5 : 0);
        Assert.Multiple(() =>
        {
            Assert.That(Run(3, new(), "can", Baseline(0.84), new CromeCanAugmenter(new())).Made, Is.Empty);
            Assert.That(Run(3, new(), "can", Baseline(-0.86), new CromeCanAugmenter(new())).Made, Has.Length.EqualTo(3));
            Assert.That(Run(3, new(), "para", Baseline(0), new CromeParaAugmenter(new() { Ratio = 2 })).Made, Is.Empty);
            Assert.That(Run(3, new(), "para", Baseline(-0.5), new CromeParaAugmenter(new() { Ratio = 2 })).Made, Has.Length.EqualTo(3));
            Assert.That(new CromeCanAugmenter(new()).Needs, Is.EqualTo(AugmenterNeeds.Generator | AugmenterNeeds.Baseline));
            Assert.That(new CromeParaAugmenter(new() { FilterThreshold = -1 }).Needs, Is.EqualTo(AugmenterNeeds.Generator));
        });
    }

    [Test]
    public void Irrelevant_query_neutrals_are_drawn_from_causal_rows_too()
    {
        var originals = PairsTo(40);
        var (all, counts) = Augmented.Run(
            originals, new FakeOracle(), null, 1, new CromeCausalAugmenter(Causal), new CromeNeutralAugmenter(new() { FilterThreshold = -1 }));
        var byId = all.ToDictionary(e => e.Id);
        var made = all.Where(e => e.Provenance.Augmentation == "iqn").ToArray();
        Assert.That((made.Length, counts["iqn.made"]), Is.EqualTo((40, 40)), "as many as there are original pairs");
        Assert.That(made.Count(e => byId[e.Provenance.Parent!].Provenance.Augmentation is not null), Is.GreaterThan(20));
        foreach (var row in made)
        {
            var parent = byId[row.Provenance.Parent!];
            Assert.Multiple(() =>
            {
                Assert.That(row.Relation, Is.EqualTo(Relation.Tie));
                Assert.That((row.Chosen, row.Rejected), Is.EqualTo((parent.Chosen, parent.Rejected)));
                Assert.That(row.Prompt, Is.Not.EqualTo(parent.Prompt));
                Assert.That(row.Provenance.Attribute, Is.Null);
            });
        }
    }

    [Test]
    public void Kinds_of_neutrals_stand_side_by_side()
    {
        var (all, _) = Augmented.Run(PairsTo(20), new FakeOracle(), null, 1, new CromeCausalAugmenter(Causal),
            new CromeNeutralAugmenter(new() { FilterThreshold = -1, Ratio = 0.5 }), new CromeCanAugmenter(new() { FilterThreshold = -1, Ratio = 0.5, Restore = false }));
        Assert.That(all.CountBy(e => e.Provenance.Augmentation ?? "").Select(c => (c.Key, c.Value)), Is.EquivalentTo(new[]
        {
            ("", 20), ("causal_up", 100), ("causal_down", 100), ("iqn", 10), ("can", 10),
        }));
        Assert.That(all.Select(e => e.Id), Is.Unique);
    }
}
