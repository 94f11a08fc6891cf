using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.HhCleaning.Tests;

public sealed class HhCleaningEvaluatorTests
{
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("hh-cleaning-").FullName;

    [TearDown]
    public void RemoveFolder() => Directory.Delete(_folder, recursive: true);

    // The worked example.
    [Test]
    public void Accuracy_is_three_of_five_raw_and_two_of_four_cleaned()
    {
        (double Chosen, double Rejected)[] rewards = [(1.2, 0.3), (0.8, 0.1), (0.5, 0.4), (-0.2, 0.9), (0.1, 0.6)];
        var found = Evaluate(
            Votes("agree agree agree disagree", "disagree disagree disagree agree", "agree agree disagree disagree", "disagree disagree disagree disagree", "agree agree agree agree"),
            Pairs.Preferences(5), r => r.Response.LastContent is { Length: > 0 } text ? text[0] == 'g' ? rewards[text[^1] - '1'].Chosen : rewards[text[^1] - '1'].Rejected : 0);
        Assert.Multiple(() =>
        {
            Assert.That(found["accuracy-raw"], Is.EqualTo(0.6));
            Assert.That(found["accuracy"], Is.EqualTo(0.5));
            Assert.That(found["accuracy-raw.confirmed"], Is.EqualTo(0.5));
            Assert.That(found["accuracy-raw.inverted"], Is.EqualTo(0.5));
            Assert.That(found["accuracy-raw.ambiguous"], Is.EqualTo(1));
            Assert.That(found["accuracy.inverted"], Is.EqualTo(0.5));
            Assert.That(found.Keys, Does.Not.Contain("accuracy.ambiguous"));
            // Of the four that are left, the labels as they came: −0.2 stands below nothing, the rest above.
            Assert.That(found["chosen-over-empty"], Is.EqualTo(0.75));
            Assert.That(found["rejected-over-empty"], Is.EqualTo(1));
            Assert.That(found["empty-positive"], Is.Zero);
        });
    }

    // The model is for both labels as they came. Three of five votes turn the first one, or settle nothing.
    [TestCase(0.6, 0.5)]
    [TestCase(0.75, 1)]
    public void How_many_votes_settle_a_pair_is_an_option(double agreement, double accuracy)
    {
        var votes = Votes("disagree disagree disagree agree agree", "agree agree agree agree agree");
        var found = Evaluate(votes, Pairs.Preferences(2), r => r.Response.LastContent.StartsWith("good", StringComparison.Ordinal) ? 1 : 0, agreement);
        Assert.That(found["accuracy"], Is.EqualTo(accuracy));
    }

    // H2.
    [Property]
    public void Where_all_is_swapped_accuracy_is_one_less_what_it_was(int seed)
    {
        var random = new Random(seed);
        var rewards = new Dictionary<string, double>();
        double Reward(ScoreRequest r) => rewards.TryGetValue(r.Response.LastContent, out var known) ? known : rewards[r.Response.LastContent] = random.NextDouble();
        var found = Evaluate(Votes([.. Enumerable.Repeat("disagree disagree disagree", 20)]), Pairs.Preferences(20), Reward);
        Assert.That(found["accuracy"], Is.EqualTo(1 - found["accuracy-raw"]).Within(1e-12));
    }

    [Test]
    public void Equal_rewards_are_wrong_and_an_empty_answer_may_be_worth_something()
    {
        var found = Evaluate(null, Pairs.Preferences(3), _ => 0.5);
        Assert.That(new[] { found["accuracy"], found["accuracy-raw"], found["chosen-over-empty"] }, Has.All.Zero);
        Assert.That(found["empty-positive"], Is.EqualTo(1));
    }

    [Test]
    public void What_compares_has_no_reward_for_an_empty_answer()
    {
        var report = new HhCleaningEvaluator(new()).EvaluateAsync(new(new FakeComparer(r => r.Response.LastContent.Length), Pairs.Preferences(3), 1), default).Result;
        Assert.That(report.Metrics["chosen-over-empty"].Value, Is.EqualTo(1));
        Assert.That(report.Metrics, Does.Not.ContainKey("empty-positive"));
    }

    [Test]
    public void Nothing_left_is_refused()
    {
        var empty = Pairs.Preference(1) with { Chosen = Conversation.Assistant("") };
        Assert.That(() => Evaluate(null, [empty], _ => 0), Throws.TypeOf<RewardKitException>().With.Message.EqualTo("hh-cleaning: of 1 held-out preferences cleaning leaves none."));
        Assert.That(() => Evaluate(null, [Pairs.Tie(1)], _ => 0), Throws.TypeOf<RewardKitException>().With.Message.Contains("was given 1 examples and none is one"));
    }

    private static Dictionary<string, double> Evaluate(string? votes, IReadOnlyList<PreferenceExample> pairs, Func<ScoreRequest, double> reward, double agreement = 0.75) =>
        new HhCleaningEvaluator(new() { Votes = votes, Agreement = agreement }).EvaluateAsync(new(new FakeScorer(reward), pairs, 1), default).GetAwaiter().GetResult()
            .Metrics.ToDictionary(m => m.Key, m => m.Value.Value);

    private string Votes(params string[] votes)
    {
        var path = Path.Combine(_folder, "votes.jsonl");
        File.WriteAllLines(path, votes.Select((of, i) => $$"""{"record": {{i + 1}}, "votes": [{{string.Join(", ", of.Split(' ').Select(v => $"\"{v}\""))}}]}"""));
        return path;
    }
}
