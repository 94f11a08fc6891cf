using RewardKit.Training.Data;

namespace RewardKit.Worlds.Tests;

/// <summary>The world is what the tests of the methods take it for.</summary>
public class WorldTests
{
    private string _folder = "";

    [SetUp]
    public void SetUp() => _folder = Directory.CreateTempSubdirectory("rewardkit-world-").FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_folder, recursive: true);

    [TestCase(0.9, 0.1)]
    [TestCase(0.1, 0.9)]
    public void Better_answers_are_better_and_politeness_goes_along_as_told(double chosen, double rejected)
    {
        var pairs = PairFiles.Load(World.Write(_folder, "pairs", 1000, new(chosen, rejected), seed: 1)).Examples;
        Assert.Multiple(() =>
        {
            Assert.That(pairs, Has.Count.GreaterThan(950), "few are copies");
            Assert.That(pairs.Select(p => Of(p, p.Chosen) - Of(p, p.Rejected)), Is.All.GreaterThan(0));
            Assert.That(pairs.Average(p => World.IsPolite(p.Chosen.LastContent) ? 1.0 : 0), Is.EqualTo(chosen).Within(0.04));
            Assert.That(pairs.Average(p => World.IsPolite(p.Rejected.LastContent) ? 1.0 : 0), Is.EqualTo(rejected).Within(0.04));
        });

        static int Of(PreferenceExample pair, Conversation answer) => World.TrueReward(pair.Prompt.LastContent, answer.LastContent);
    }

    [Test]
    public void A_rewrite_changes_the_true_reward_alone()
    {
        const string prompt = "What is in the sea?", answer = "fish, moon, boat, tea." + World.Closing;
        Assert.That(World.TrueReward(prompt, answer), Is.EqualTo(2));
        for (var reward = 0; reward <= World.Things; reward++)
        {
            var rewritten = World.Rewritten(prompt, answer, reward);
            Assert.That(World.TrueReward(prompt, rewritten), Is.EqualTo(reward), rewritten);
            Assert.That(World.IsPolite(rewritten), rewritten);
            Assert.That(rewritten.Split(", "), Has.Length.EqualTo(World.Things).And.Unique, rewritten);
        }
        Assert.That(World.Rewritten(prompt, answer, 2), Is.EqualTo(answer));
    }
}
