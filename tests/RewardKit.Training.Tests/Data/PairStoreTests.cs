using RewardKit.Training.Data;

namespace RewardKit.Training.Tests.Data;

/// <summary>Pairs that are too many for memory come back as they were.</summary>
public class PairStoreTests
{
    private static readonly PreferenceExample Full = new(
        "a:1", new([new("system", "Be brief."), new("user", "Why? 🤔 \n\0 half a pair: \ud83e")]), Conversation.Assistant("é"), new([]),
        new("files/a", 7, "iqn", "clarity", "a:0"))
    {
        Relation = Relation.Tie,
        Margin = 0.1 + 0.2,
        SoftLabel = 0.25,
        Rewards = new(0.5, -1.25),
        ChosenSteps = new([new(1, 0.25)]),
        RejectedSteps = new([]),
    };

    private static readonly PreferenceExample Bare = new("", Conversation.User(""), Conversation.Assistant("x"), Conversation.Assistant("y"), new("", 0));

    [Test]
    public void An_example_of_which_everything_is_set_comes_back_as_it_was()
    {
        // A property that is added to examples and not to the file is found here.
        foreach (var property in typeof(PreferenceExample).GetProperties())
            Assert.That(property.GetValue(Full), Is.Not.Null.And.Not.EqualTo(property.GetValue(Bare)), property.Name);
        foreach (var property in typeof(Provenance).GetProperties())
            Assert.That(property.GetValue(Full.Provenance), Is.Not.Null, property.Name);
        Assert.That(Stored(0, Full, Bare, Full), Is.EqualTo(new[] { Full, Bare, Full }));
    }

    [Test]
    public void From_some_point_on_they_lie_in_a_file_that_nobody_else_sees()
    {
        PreferenceExample[] pairs = [.. Enumerable.Range(0, 40_000).Select(i => Bare with { Id = $"{i}", Chosen = Conversation.Assistant(new string('c', i % 100)) })];
        var pairsInFile = Stored(1_000_000, pairs);
        Assert.That(pairsInFile, Is.TypeOf<StoredPairs>());
        Assert.That(Stored(100_000_000, pairs), Is.TypeOf<List<PreferenceExample>>());
        Assert.That(pairsInFile.SequenceEqual(pairs));
        Parallel.For(0, 2_000, i => Assert.That(pairsInFile[i * 17 % 40_000].Chosen, Is.EqualTo(pairs[i * 17 % 40_000].Chosen)));
        if (!OperatingSystem.IsWindows()) Assert.That(Directory.GetFiles(Path.GetTempPath(), "rewardkit-pairs-*"), Is.Empty);
    }

    [Test]
    public void Contents_are_told_apart_by_texts_and_by_nothing_else()
    {
        Assert.That(Content(Full with { Id = "b", Margin = 3 }), Is.EqualTo(Content(Full)));
        Assert.That(new[]
        {
            Content(Full), Content(Bare), Content(Full with { Chosen = Full.Rejected, Rejected = Full.Chosen }),
            Content(Bare with { Chosen = Conversation.Assistant("xy"), Rejected = Conversation.Assistant("") }),
            Content(Bare with { Chosen = new([new("user", "x")]) }),
            Content(Bare with { Chosen = new([new("assistant", "x"), new("assistant", "")]) }),
        }, Is.Unique);

        static UInt128 Content(PreferenceExample e) => PairId.Content(e.Prompt, e.Chosen, e.Rejected);
    }

    private static IReadOnlyList<PreferenceExample> Stored(long inMemory, params PreferenceExample[] pairs)
    {
        var store = new PairStore(inMemory);
        foreach (var pair in pairs) store.Add(pair);
        Assert.That(store.Count, Is.EqualTo(pairs.Length));
        return store.Pairs;
    }
}
