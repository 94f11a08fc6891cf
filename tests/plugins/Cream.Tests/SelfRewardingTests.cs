using RewardKit.Conformance;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Cream.Tests;

public class SelfRewardingTests
{
    private readonly List<string> _judged = [];

    // Answers "first", "second", ... in turn; grades by a table, in turn by the order of asking.
    private ITextGenerator Model(IReadOnlyDictionary<string, string[]> grades)
    {
        string[] answers = [.. grades.Keys];
        var (asked, graded) = (0, new Dictionary<string, int>());
        return ScriptedGenerators.Of(prompt =>
        {
            if (!prompt.Contains("<answer>", StringComparison.Ordinal)) return answers[asked++ % answers.Length];
            _judged.Add(prompt);
            var answer = answers.Single(a => prompt.Contains($"<answer>\n{a}\n</answer>", StringComparison.Ordinal));
            var place = graded[answer] = graded.GetValueOrDefault(answer, -1) + 1;
            return grades[answer][place % grades[answer].Length];
        });
    }

    private static async Task<(List<PreferenceExample> Pairs, Dictionary<string, long> Counts)> RunAsync(
        SelfRewardingOptions options, ITextGenerator? writer, ITextGenerator? generator = null)
    {
        var counts = new Dictionary<string, long>();
        var context = new AugmentationContext(3, null, counts.Add, generator, writer);
        return (await new SelfRewardingAugmenter(options).AugmentAsync(Preferences(1).ToAsyncEnumerable(), context, default).ToListAsync(), counts);
    }

    [SetUp]
    public void Forget() => _judged.Clear();

    [Test]
    public async Task Repeated_judgements_are_averaged()
    {
        var model = Model(new Dictionary<string, string[]>
        {
            ["first"] = ["Good. Score: 4", "Score: 5", "Score: 4"],
            ["second"] = ["Score: 3", "score: 4", "On second thought\nScore: 3"],
        });
        var (pairs, counts) = await RunAsync(new() { Samples = 2 }, model);
        var pair = pairs.Single();
        Assert.Multiple(() =>
        {
            Assert.That((pair.Chosen.LastContent, pair.Rejected.LastContent), Is.EqualTo(("first", "second")));
            Assert.That(pair.Rewards!.Value.Chosen, Is.EqualTo(4.333333333).Within(1e-9));
            Assert.That(pair.Rewards!.Value.Rejected, Is.EqualTo(3.333333333).Within(1e-9));
            Assert.That(pair.SoftLabel, Is.Null);
            Assert.That(pair.Id, Is.EqualTo("data:1+self-rewarding"));
            Assert.That(counts["self-rewarding.judgements"], Is.EqualTo(6));
            Assert.That(counts["self-rewarding.pairs"], Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Equal_means_make_no_pair()
    {
        var (pairs, counts) = await RunAsync(new() { Samples = 2 }, Model(new Dictionary<string, string[]>
        {
            ["first"] = ["Score: 4", "Score: 2", "Score: 3"],
            ["second"] = ["Score: 3"],
        }));
        Assert.That(pairs, Is.Empty);
        Assert.That(counts["self-rewarding.equal"], Is.EqualTo(1));
    }

    [Test]
    public async Task What_is_no_grade_is_never_zero_points()
    {
        var (pairs, counts) = await RunAsync(new() { Samples = 3 }, Model(new Dictionary<string, string[]>
        {
            ["first"] = ["Score: 1", "no idea", "Score: 9"],
            ["second"] = ["Score: 2"],
            ["third"] = ["none", "Score: 6", "Score: -1"],
        }));
        Assert.That((pairs.Single().Chosen.LastContent, pairs.Single().Rejected.LastContent), Is.EqualTo(("second", "first")));
        Assert.That(pairs.Single().Rewards, Is.EqualTo(new PairScore(2, 1)), "the mean of what could be read");
        Assert.That((counts["self-rewarding.judgements.unparseable"], counts["self-rewarding.answers.ungraded"]), Is.EqualTo((5L, 1L)));
        (pairs, counts) = await RunAsync(new() { Samples = 2 }, Model(new Dictionary<string, string[]> { ["first"] = ["Score: 1"], ["second"] = ["?"] }));
        Assert.That(pairs, Is.Empty);
        Assert.That(counts["self-rewarding.ungraded"], Is.EqualTo(1));
    }

    [TestCase("Reasons. Score: 4", 4)]
    [TestCase("Score: 2 would be low. SCORE: 3", 3)]
    [TestCase("**Score:** 5", 5)]
    [TestCase("score:3.5", 3.5)]
    [TestCase("Score: 4/5", 4)]
    [TestCase("Score: 0", 0)]
    [TestCase("Score: 6", null)]
    [TestCase("Score: -1", null)]
    [TestCase("Score: 4\nScore: 50", null)]
    [TestCase("Score: four", null)]
    [TestCase("4", null)]
    [TestCase("", null)]
    public void A_grade_is_the_last_number_behind_the_word(string judgement, double? grade) =>
        Assert.That(SelfRewardingAugmenter.Grade(judgement), Is.EqualTo(grade));

    [Test]
    public async Task The_generator_can_judge_and_sees_one_answer_at_a_time()
    {
        var grades = new Dictionary<string, string[]> { ["first"] = ["Score: 1"], ["second"] = ["Score: 5"] };
        var options = new SelfRewardingOptions { Samples = 2, Judge = Judge.Generator, Judgements = 1 };
        Assert.That(new SelfRewardingAugmenter(options).Needs, Is.EqualTo(AugmenterNeeds.Writer | AugmenterNeeds.Generator));
        Assert.That(new SelfRewardingAugmenter(new()).Needs, Is.EqualTo(AugmenterNeeds.Writer));
        var writer = Model(grades);
        var (pairs, _) = await RunAsync(options, writer, Model(grades));
        Assert.That(pairs.Single().Chosen.LastContent, Is.EqualTo("second"));
        Assert.That(_judged, Has.Count.EqualTo(2));
        Assert.That(_judged.Where(prompt => prompt.Contains("first") && prompt.Contains("second")), Is.Empty);
        Assert.That(_judged[0], Does.Contain("<conversation>\nquestion 1\n</conversation>").And.EndsWith("Score: <points>"));
    }

    [Test]
    public void A_prompt_of_ones_own_needs_its_placeholders()
    {
        var folder = Directory.CreateTempSubdirectory("self-rewarding-prompts-");
        File.WriteAllText(Path.Combine(folder.FullName, "judge.md"), "How good is {{answer}}?");
        Assert.That(() => new SelfRewardingAugmenter(new() { Prompts = folder.FullName }), Throws.TypeOf<RewardKitException>().With.Message.Contains("{{conversation}}"));
        folder.Delete(recursive: true);
    }
}
