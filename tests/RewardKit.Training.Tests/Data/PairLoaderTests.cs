using RewardKit.Training.Data;

namespace RewardKit.Training.Tests.Data;

public sealed class PairLoaderTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("pairs-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    [Test]
    public void Joined_pairs_stand_one_source_after_the_other_and_copies_are_counted()
    {
        var (a, b) = (File("a.csv", "p1", "p2"), File("b.csv", "p2", "p3"));
        var joined = new PairLoader().Load(new JoinedPairs([a, b]));
        Assert.That(Prompts(joined), Is.EqualTo(new[] { "p1", "p2", "p3" }));
        Assert.That(joined.Origin, Does.Match(@"^2 of .*a\.csv; 1 of .*b\.csv; 1 copies of pairs of an earlier source left out$"));
    }

    [Test]
    public void A_mixture_is_as_large_as_the_scarcest_source_allows_and_the_seed_draws_it()
    {
        var (a, b) = (File("a.csv", Numbered("a", 100)), File("b.csv", Numbered("b", 12)));
        string[] Mixed(int seed) => Prompts(new PairLoader().Load(new MixedPairs([new(a, 0.7), new(b, 0.3)], seed, null)));
        var mixed = Mixed(1);
        Assert.Multiple(() =>
        {
            // 12 pairs are 30 % of 40.
            Assert.That(mixed.Count(p => p[0] == 'a'), Is.EqualTo(28));
            Assert.That(mixed.Where(p => p[0] == 'b'), Is.EqualTo(Numbered("b", 12)));
            Assert.That(mixed, Is.Unique);
            Assert.That(Mixed(1), Is.EqualTo(mixed));
            Assert.That(Mixed(2), Is.Not.EqualTo(mixed));
        });
    }

    [Test]
    public void With_a_total_a_small_source_is_gone_through_again_under_other_ids()
    {
        var (a, b) = (File("a.csv", Numbered("a", 10)), File("b.csv", Numbered("b", 3)));
        var mixed = new PairLoader().Load(new MixedPairs([new(a, 1), new(b, 1)], 1, Total: 14));
        Assert.Multiple(() =>
        {
            Assert.That(Prompts(mixed).Where(p => p[0] == 'b').GroupBy(p => p).Select(g => g.Count()).Order(), Is.EqualTo(new[] { 2, 2, 3 }));
            Assert.That(mixed.Examples.Select(e => e.Id), Is.Unique);
            Assert.That(mixed.Origin, Does.Match(@"^7 from the 10 of .*a\.csv; 7 from the 3 of .*b\.csv, some more than once$"));
        });
    }

    [FsCheck.NUnit.Property]
    public void Shares_keep_the_ratio_and_take_from_no_source_more_than_it_has((byte Count, byte Weight)[] given)
    {
        int[] counts = [.. given.Select(g => g.Count + 1), 5];
        double[] weights = [.. given.Select(g => g.Weight + 1.0), 1];
        var shares = PairLoader.Shares(counts, weights, null);
        var total = shares.Sum();
        Assert.That(shares.Zip(counts).All(s => s.First <= s.Second));
        Assert.That(shares.Zip(weights).All(s => Math.Abs(s.First - total * s.Second / weights.Sum()) < 1));
        // One more would be more than some source has.
        Assert.That(counts.Zip(weights).Any(s => (total + 1) * s.Second / weights.Sum() > s.First));
        Assert.That(PairLoader.Shares(counts, weights, 1000).Sum(), Is.EqualTo(1000));
    }

    [Test]
    public void Parts_of_a_mixture_share_no_prompt_and_parts_are_divided_again_by_another_seed()
    {
        var mixed = new MixedPairs([new(File("a.csv", Numbered("a", 60)), 1), new(File("b.csv", Numbered("b", 60)), 1)], 1, null);
        var loader = new PairLoader();
        string[] Part(PairData whole, int seed, bool first) => Prompts(loader.Load(new PairPart(whole, 0.5, seed, first)));
        var (train, test) = (Part(mixed, 1, true), Part(mixed, 1, false));
        Assert.That(train.Intersect(test), Is.Empty);
        Assert.That(train.Concat(test), Is.EquivalentTo(Prompts(loader.Load(mixed))));
        var inner = new PairPart(mixed, 0.5, 1, true);
        Assert.That(Part(inner, 2, true).Length, Is.InRange(10, train.Length - 10));
        Assert.That(Part(inner, 2, true).Concat(Part(inner, 2, false)), Is.EquivalentTo(train));
    }

    [Test]
    public void A_source_of_which_nothing_is_left_is_refused()
    {
        var (a, b) = (File("a.csv", "p"), File("b.csv", "p"));
        Assert.That(() => new PairLoader().Load(new JoinedPairs([a, b])), Throws.TypeOf<RewardKitException>().With.Message.EndsWith("b.csv: every pair of it is in the sources before it; leave it out."));
    }

    [Test]
    public void The_same_tree_is_read_once()
    {
        PairData Tree() => new MixedPairs([new(new PairPart(File("a.csv", Numbered("a", 20)), 0.5, 1, true), 1), new(File("b.csv", "b"), 1)], 1, null);
        var loader = new PairLoader();
        Assert.That(loader.Load(Tree()), Is.SameAs(loader.Load(Tree())));
        Assert.That(loader.Loaded.Count(), Is.EqualTo(4));
    }

    private static string[] Numbered(string name, int count) => [.. Enumerable.Range(1, count).Select(i => $"{name}{i}")];

    private static string[] Prompts(LoadedPairs pairs) => [.. pairs.Examples.Select(e => e.Prompt.LastContent)];

    private PairFile File(string name, params string[] prompts)
    {
        var path = Path.Combine(_folder, name);
        System.IO.File.WriteAllLines(path, prompts.Select(p => $"{p},yes,no").Prepend("prompt,chosen,rejected"));
        return new(path) { Reading = new() };
    }
}
