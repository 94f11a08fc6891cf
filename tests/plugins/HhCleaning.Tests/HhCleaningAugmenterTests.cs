using RewardKit.Conformance;
using RewardKit.Plugins.Tests;
using RewardKit.Training.Data;

namespace RewardKit.Plugins.HhCleaning.Tests;

public sealed class HhCleaningAugmenterTests
{
    private readonly List<ExampleDecision> _decisions = [];
    private readonly Dictionary<string, long> _counts = [];
    private string _folder = null!;

    [SetUp]
    public void MakeFolder()
    {
        _folder = Directory.CreateTempSubdirectory("hh-cleaning-").FullName;
        _decisions.Clear();
        _counts.Clear();
    }

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    // The worked example: five pairs, four votes each.
    [Test]
    public void Votes_of_a_file_keep_swap_and_drop()
    {
        var votes = WriteVotes([[1, 1, 1, 0], [0, 0, 0, 1], [1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]]);
        var pairs = Pairs.Preferences(5);
        var cleaned = Clean(new() { Votes = votes }, pairs);
        Assert.Multiple(() =>
        {
            Assert.That(_decisions.Select(d => d.Action), Is.EqualTo(new[] { "keep", "swap", "drop", "swap", "keep" }));
            Assert.That(_decisions.Select(d => d.Original), Is.EqualTo(pairs));
            Assert.That(_decisions.Select(d => d.Result).OfType<PreferenceExample>(), Is.EqualTo(cleaned));
            Assert.That(_decisions[1].Votes, Is.EqualTo(new[] { "disagree", "disagree", "disagree", "agree" }));
            Assert.That(cleaned.Select(p => p.Chosen.LastContent), Is.EqualTo(new[] { "good 1", "bad 2", "bad 4", "good 5" }));
            Assert.That(cleaned[1].Provenance, Is.EqualTo(new Provenance("data", 2, "swapped", Parent: "data:2")));
            Assert.That(_counts, Is.EqualTo(new Dictionary<string, long>
            {
                ["hh-cleaning.keep.confirmed"] = 2,
                ["hh-cleaning.swap.inverted"] = 2,
                ["hh-cleaning.drop.ambiguous"] = 1,
                ["hh-cleaning.votes.of-no-pair"] = 0,
            }));
        });
    }

    // H1 and H3: nothing is lost, and who comes first plays no part.
    [TestCase(0.6, "keep")]
    [TestCase(0.75, "drop")]
    public void How_many_votes_settle_a_pair_is_an_option(double agreement, string action)
    {
        Clean(new() { Votes = WriteVotes([[1, 1, 1, 0, 0]]), Agreement = agreement }, Pairs.Preferences(1));
        Assert.That(_decisions[0].Action, Is.EqualTo(action));
    }

    [Property]
    public void Every_pair_is_decided_once_in_any_order(int seed)
    {
        _decisions.Clear();
        var random = new Random(seed);
        var pairs = Pairs.Preferences(90);
        var votes = WriteVotes([.. pairs.Select(_ => Enumerable.Range(0, 4).Select(_ => random.Next(2)).ToArray())]);
        var cleaned = Clean(new() { Votes = votes }, pairs);
        var first = _decisions.ToDictionary(d => d.Original.Id, d => d.Action);
        Assert.That(first, Has.Count.EqualTo(90));
        Assert.That(cleaned, Has.Count.EqualTo(first.Values.Count(action => action != "drop")));
        random.Shuffle(pairs);
        Clean(new() { Votes = votes }, pairs);
        Assert.That(_decisions.Skip(90).ToDictionary(d => d.Original.Id, d => d.Action), Is.EquivalentTo(first));
    }

    [Test]
    public void Of_real_records_the_faulty_ones_go()
    {
        var file = new PairFile(Path.Combine(TestContext.CurrentContext.TestDirectory, "data", "hh-rlhf.jsonl"));
        Assert.That(HhRlhf.Load(file).Examples, Has.Count.EqualTo(4), "the reader leaves them out unless it is told not to");
        var cleaned = Clean(new(), HhRlhf.Load(file with { KeepsFaulty = true }).Examples);
        Assert.Multiple(() =>
        {
            Assert.That(_decisions.Select(d => d.Category), Is.EqualTo(new[]
            {
                "empty answer", "prompt mismatch", "identical answers", "empty answer", "identical answers", "truncated dialogue",
                "no votes", "no votes", "no votes", "no votes",
            }));
            Assert.That(cleaned.Select(p => p.Provenance.Record), Is.EqualTo(new[] { 7L, 8, 9, 10 }));
            Assert.That(cleaned, Is.EqualTo(HhRlhf.Load(file).Examples));
        });
    }

    [Test]
    public void Words_and_flags_make_a_side_toxic()
    {
        var words = Write("words.txt", "Good\n\nno match\n");
        var votes = Write("votes.jsonl", """{"record": 2, "toxic": "rejected"}""");
        Clean(new() { ToxicWords = words, Votes = votes }, [Pairs.Preference(1), Pairs.Preference(2), Pairs.Preference(3) with { Chosen = Conversation.Assistant("goods") }]);
        Assert.That(_decisions.Select(d => (d.Action, d.Category)), Is.EqualTo(new[] { ("keep", "chosen toxic"), ("drop", "both toxic"), ("keep", "no votes") }));
    }

    [Test]
    public void Ties_have_no_label_to_be_wrong()
    {
        var tie = Pairs.Tie(1) with { Rejected = Conversation.Assistant("") };
        Assert.That(Clean(new(), [tie]), Is.EqualTo(new[] { tie }));
        Assert.That(_decisions, Is.Empty);
        Assert.That(_counts["hh-cleaning.ties"], Is.EqualTo(1));
    }

    // Every judge says B: those that see the chosen answer second agree.
    [Test]
    public void Judges_see_both_orders()
    {
        Clean(new() { BaselineVotes = true, Judges = 2 }, [Pairs.Preference(1)], new FakeScorer(r => r.Response.LastContent == "good 1" ? 1 : 0), _ => "I say [[B]]");
        Assert.That(_decisions[0].Votes, Is.EqualTo(new[] { "agree", "disagree", "agree" }));
        Assert.That((_decisions[0].Action, _decisions[0].Category), Is.EqualTo(("drop", "ambiguous")));
    }

    [Test]
    public void A_committee_of_one_mind_decides()
    {
        Clean(
            new() { BaselineVotes = true, Judges = 2 }, [Pairs.Preference(1)], new FakeScorer(r => r.Response.LastContent == "bad 1" ? 1 : 0),
            prompt => prompt.IndexOf("bad 1", StringComparison.Ordinal) < prompt.IndexOf("good 1", StringComparison.Ordinal) ? "[[A]]" : "[[B]]");
        Assert.That(_decisions[0].Action, Is.EqualTo("swap"));
    }

    [Test]
    public void A_verdict_that_cannot_be_read_is_no_vote()
    {
        Clean(new() { Judges = 3 }, [Pairs.Preference(1)], generator: prompt =>
            prompt.IndexOf("bad 1", StringComparison.Ordinal) < prompt.IndexOf("good 1", StringComparison.Ordinal) ? "[[A]]" : "I cannot say.");
        Assert.That((_decisions[0].Action, _decisions[0].Category), Is.EqualTo(("keep", "too few votes")));
        Assert.That(_counts["hh-cleaning.verdicts.unreadable"], Is.EqualTo(2));
    }

    [Test]
    public void Nobody_votes_on_what_goes_anyway()
    {
        var asked = 0;
        Clean(new() { Judges = 3 }, [Pairs.Preference(1) with { Chosen = Conversation.Assistant("") }], generator: _ =>
        {
            asked++;
            return "[[A]]";
        });
        Assert.That(asked, Is.Zero);
    }

    // A run's decisions name the pairs and the votes on their labels as they came.
    [Test]
    public void Votes_are_found_by_id_or_by_source_and_record()
    {
        var votes = Write("votes.jsonl", """
            {"id": "data:1", "action": "swap", "category": "inverted", "votes": ["disagree", "disagree", "disagree"]}
            {"source": "data", "record": 2, "votes": ["disagree", "disagree", "disagree"]}
            {"source": "other", "record": 3, "votes": ["disagree", "disagree", "disagree"]}
            {"record": 4, "votes": []}
            """);
        Clean(new() { Votes = votes }, Pairs.Preferences(4));
        Assert.That(_decisions.Select(d => d.Category), Is.EqualTo(new[] { "inverted", "inverted", "no votes", "no votes" }));
        Assert.That(_counts["hh-cleaning.votes.of-no-pair"], Is.EqualTo(1));
    }

    [TestCase("""{"votes": ["agree", "agree", "agree"]}""", "record 1: does not say which pair it is about")]
    [TestCase("""{"record": 0, "votes": ["agree", "agree", "agree"]}""", "record 1: does not say which pair it is about")]
    [TestCase("""{"record": 1, "votes": ["agree", "agree"]}""", "record 1: has 2 votes; a pair is settled by 3 or more")]
    [TestCase("""{"record": 1, "votes": ["agree", "yes", "agree"]}""", "has the vote \"yes\"; a vote is agree, disagree or tie")]
    [TestCase("""{"record": 1, "toxic": "left"}""", "has \"toxic\": \"left\"; it is chosen, rejected, both or none")]
    [TestCase("{\"record\": 1}\n{\"record\": 1}", "record 2: is about the same pair as record 1")]
    public void A_file_of_votes_that_is_wrong_is_refused(string text, string expected) =>
        Assert.That(() => Clean(new() { Votes = Write("votes.jsonl", text) }, Pairs.Preferences(1)), Throws.TypeOf<RewardKitException>().With.Message.Contains(expected));

    [Test]
    public void A_committee_that_is_too_small_is_refused() =>
        Assert.That(() => new HhCleaningAugmenter(new() { BaselineVotes = true }), Throws.TypeOf<RewardKitException>().With.Message.Contains("Set judges to at least 2"));

    private List<PreferenceExample> Clean(
        HhCleaningOptions options, IEnumerable<PreferenceExample> pairs, IScorer? baseline = null, Func<string, string>? generator = null)
    {
        var context = new AugmentationContext(
            1, baseline, (reason, count) => _counts[reason] = count, generator is null ? null : ScriptedGenerators.Of(generator), decided: _decisions.Add);
        return [.. new HhCleaningAugmenter(options).AugmentAsync(pairs.ToAsyncEnumerable(), context, default).ToBlockingEnumerable()];
    }

    private string WriteVotes(int[][] votes) => Write("votes.jsonl", string.Join('\n', votes.Select((of, i) =>
        $$"""{"record": {{i + 1}}, "votes": [{{string.Join(", ", of.Select(v => v == 1 ? "\"agree\"" : "\"disagree\""))}}]}""")));

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
