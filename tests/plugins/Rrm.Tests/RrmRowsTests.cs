using static RewardKit.Plugins.Rrm.Tests.RrmRows;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Rrm.Tests;

/// <summary>Which rows are made.</summary>
public sealed class RrmRowsTests
{
    [TestCase(3)]
    [TestCase(4)]
    [TestCase(25)]
    public void Each_preference_gives_eight_preferences_and_six_ties_under_its_own_prompt(int n)
    {
        var (made, counts) = Run(All, Preferences(n));
        Assert.Multiple(() =>
        {
            Assert.That(made, Has.Count.EqualTo(14 * n));
            Assert.That(made.Select(e => e.Id), Is.Unique);
            Assert.That(counts["rrm.non-contextual.made"], Is.EqualTo(8 * n));
            Assert.That(counts["rrm.neutral.made"], Is.EqualTo(6 * n));
        });
        foreach (var ofPrompt in made.GroupBy(e => Number(e.Prompt)))
        {
            Assert.That(ofPrompt.Count(e => e.Relation == Relation.Preferred), Is.EqualTo(8));
            Assert.That(ofPrompt.Count(e => e.Relation == Relation.Tie), Is.EqualTo(6));
            // 8 + 6 different pairs of answers, of the preference itself and of two others.
            Assert.That(ofPrompt.Select(e => string.Join('/', new[] { e.Chosen.LastContent, e.Rejected.LastContent }.Order())), Is.Unique);
            Assert.That(ofPrompt.SelectMany(e => (int[])[Number(e.Chosen), Number(e.Rejected)]).Distinct().Count(), Is.EqualTo(3));
        }
    }

    [Test]
    public void The_answer_that_belongs_to_the_prompt_wins_and_two_that_do_not_tie()
    {
        foreach (var row in Run(All, Preferences(20)).Made)
        {
            var (prompt, first, second) = (Number(row.Prompt), Number(row.Chosen), Number(row.Rejected));
            Assert.Multiple(() =>
            {
                Assert.That(second, Is.Not.EqualTo(prompt), row.Id);
                Assert.That(first == prompt, Is.EqualTo(row.Relation == Relation.Preferred), row.Id);
                Assert.That(row.Chosen, Is.Not.EqualTo(row.Rejected), row.Id);
                Assert.That(row.Provenance, Is.EqualTo(new Provenance(
                    "data", first, row.Relation == Relation.Tie ? "neutral" : "non-contextual", Parent: $"data:{first}")));
                Assert.That(row.Id, Does.StartWith($"data:{prompt}+rrm").And.EndsWith($"(data:{first},data:{second})"));
            });
        }
    }

    [Test]
    public void Each_answer_wins_four_times_and_loses_four_times()
    {
        // So every trait of answers is exactly as frequent among the winners as among the losers.
        PreferenceExample[] pairs = [.. Enumerable.Range(1, 30).Select(i => Preference(i, $"question {i / 3}"))];
        var rows = Run(All with { Neutral = false }, pairs).Made;
        Assert.That(rows, Has.Count.EqualTo(240));
        foreach (var answer in pairs.SelectMany(e => (Conversation[])[e.Chosen, e.Rejected]))
        {
            Assert.That(rows.Count(e => e.Chosen.Equals(answer)), Is.EqualTo(4), answer.LastContent);
            Assert.That(rows.Count(e => e.Rejected.Equals(answer)), Is.EqualTo(4), answer.LastContent);
        }
    }

    [TestCase(1, 1, 1)]
    [TestCase(4, 4, 4)]
    [TestCase(5, 1, 2, 3, 4)]
    [TestCase(1, 2, 3, 1, 2, 3, 1, 2, 3)]
    public void The_three_prompts_differ_however_often_each_occurs(params int[] sizes)
    {
        // Not block by block, as a file might have them.
        PreferenceExample[] pairs = [.. sizes.SelectMany((size, prompt) => Enumerable.Repeat($"question {prompt}", size))
            .Order(StringComparer.Ordinal).Index().OrderBy(p => p.Index * 7 % sizes.Sum()).ThenBy(p => p.Index).Select(p => Preference(p.Index + 1, p.Item))];
        var promptOf = pairs.ToDictionary(e => e.Id, e => e.Prompt);
        for (var seed = 0; seed < 20; seed++)
        {
            foreach (var rows in Run(All, pairs, seed).Made.GroupBy(e => e.Id[..e.Id.IndexOf('+')]))
            {
                var prompts = rows.SelectMany(e => (Conversation[])[e.Chosen, e.Rejected]).Select(a => promptOf[$"data:{Number(a)}"]).ToHashSet();
                Assert.That(prompts, Has.Count.EqualTo(3));
                Assert.That(rows.Select(e => e.Prompt), Has.All.EqualTo(promptOf[rows.Key]));
            }
        }
    }

    [TestCase("a")]
    [TestCase("a", "b")]
    [TestCase("a", "b", "a")]
    [TestCase("a", "b", "a", "c", "d")]
    public void More_than_a_third_under_one_prompt_is_refused(params string[] prompts) => Assert.That(
        () => Run(All, [.. prompts.Select((p, i) => Preference(i + 1, p))]),
        Throws.TypeOf<RewardKitException>().With.Message.Contains($"of the {prompts.Length} preferences have the prompt of data:1").And.Property("ExitCode").EqualTo(2));

    [Test]
    public void Every_three_are_equally_likely()
    {
        const int seeds = 2400;
        var triples = new Dictionary<(int, int, int), int>();
        for (var seed = 0; seed < seeds; seed++)
            foreach (var rows in Run(All with { Neutral = false }, Preferences(4), seed).Made.GroupBy(e => Number(e.Prompt)))
            {
                // Row 1 is the answer of i against the chosen one of j, row 2 against that of k.
                var (j, k) = (Number(rows.First().Rejected), Number(rows.Skip(1).First().Rejected));
                triples[(rows.Key, j, k)] = triples.GetValueOrDefault((rows.Key, j, k)) + 1;
            }
        // 24 triples, 400 of each expected; those of one seed depend on each other, so the bound is wide.
        Assert.That(triples, Has.Count.EqualTo(24));
        Assert.That(triples.Values, Has.All.InRange(320, 480));
    }

    [Test]
    public void Which_answer_of_a_tie_stands_first_is_a_fair_coin()
    {
        var ties = Run(All with { NonContextual = false }, Preferences(2000)).Made;
        // Of the ties between a chosen and a rejected answer; 8,000 of them, so that one standard deviation is 45.
        var mixed = ties.Where(e => (e.Chosen.LastContent[0] == 'g') != (e.Rejected.LastContent[0] == 'g')).ToArray();
        var chosenFirst = mixed.Count(e => e.Chosen.LastContent[0] == 'g');
        Assert.That(mixed, Has.Length.EqualTo(8000));
        Assert.That(Math.Pow(chosenFirst - 4000, 2) / 2000, Is.LessThan(10.8), "chi-square of one degree, p = 0.001");
    }

    [Test]
    public void Ties_take_no_part_and_labels_are_not_inherited()
    {
        PreferenceExample[] examples = [Preference(1) with { SoftLabel = 0.6, Margin = 2 }, Tie(2), Preference(3) with { SoftLabel = 0.7 }, Preference(4)];
        var made = Run(All, examples).Made;
        Assert.Multiple(() =>
        {
            Assert.That(made, Has.Count.EqualTo(42));
            Assert.That(made.Where(e => e.Id.Contains("data:2")), Is.Empty);
            Assert.That(made, Has.All.Property("SoftLabel").Null.And.Property("Margin").Null);
        });
    }

    [Test]
    public void No_examples_give_none() => Assert.That(Run(All, []).Made, Is.Empty);

    [Test]
    public void One_kind_can_be_left_out_but_not_both() => Assert.Multiple(() =>
    {
        Assert.That(Run(All with { NonContextual = false }, Preferences(5)).Made.Select(e => e.Provenance.Augmentation), Has.All.EqualTo("neutral"));
        Assert.That(Run(All with { Neutral = false }, Preferences(5)).Made.Select(e => e.Provenance.Augmentation), Has.All.EqualTo("non-contextual"));
        Assert.That(() => new RrmAugmenter(new() { NonContextual = false, Neutral = false }),
            Throws.TypeOf<RewardKitException>().With.Message.Contains("nonContextual and neutral"));
    });
}
