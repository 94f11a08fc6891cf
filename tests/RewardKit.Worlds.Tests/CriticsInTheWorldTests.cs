using RewardKit.Hosting.Experiments;
using RewardKit.Hosting.Generators;
using static RewardKit.Worlds.Tests.Trials;

namespace RewardKit.Worlds.Tests;

/// <summary>
/// Is Critic-RM as good as its critic? With one that knows the true reward it must beat the plain model, and with one that says
/// nothing and scores by chance it must not lose. Both see the answer and its prompt alone, in training and at the test.
/// </summary>
public class CriticsInTheWorldTests
{
    private const int Seeds = 2;
    private Summary _summary = null!;

    [OneTimeSetUp]
    public void Train()
    {
        using var trials = new Trials();
        _summary = Summary.Of(trials.Run(
            Seeds,
            new("bradley-terry", Loss("bradley-terry"), []),
            Criticised("informative", (prompt, answer, _) =>
                World.TrueReward(prompt, answer) is var worth && worth > World.Things / 2 ? ("They are there.", worth) : ("Not there.", worth)),
            Criticised("uninformative", (_, _, luck) => ("It is so.", luck.Next(1, 11))),
            Criticised("uninformative, all pairs", (_, _, luck) => ("It is so.", luck.Next(1, 11)), ("instanceFilter", false), ("critiqueFilter", "none"))));
    }

    [Test]
    public void One_who_knows_the_true_reward_makes_it_better_than_bradley_terry_where_politeness_misleads() => Assert.Multiple(() =>
    {
        Assert.That(Row("informative", Test.Same).Mean, Is.GreaterThan(Row("bradley-terry", Test.Same).Mean));
        Assert.That(Row("informative", Test.Balanced).Interval!.Value.Low, Is.GreaterThan(Row("bradley-terry", Test.Balanced).Interval!.Value.High));
        Assert.That(Row("informative", Test.Shifted).Interval!.Value.Low, Is.GreaterThan(Row("bradley-terry", Test.Shifted).Interval!.Value.High));
    });

    [Test]
    public void One_who_says_nothing_costs_nothing() => Assert.Multiple(() =>
    {
        foreach (var test in (Test[])[Test.Same, Test.Balanced])
        {
            Assert.That(Row("uninformative, all pairs", test).Interval!.Value.High, Is.GreaterThan(Row("bradley-terry", test).Mean), $"{test}");
            // The filters leave those pairs alone in which chance agrees with the label: fewer than half.
            Assert.That(Row("uninformative", test).Interval!.Value.High, Is.GreaterThan(Row("bradley-terry", test).Interval!.Value.Low), $"{test}, filtered");
        }
    });

    private SummaryRow Row(string arm, Test test) => _summary.Row(arm, Accuracy(test))!;

    private static ArmSpec Criticised(
        string name, Func<string, string, Random, (string Critique, int Score)> critic, params (string, object)[] filters)
    {
        (string, object)[] shared = [("leadIn", "Well?"), ("scoreMin", 0.0)];
        return new(name, Loss("critic-rm", ("epochs", 1)), [Augmenter("critic-rm", [.. shared, ("candidates", 2), ("refinement", "none"), .. filters])])
        {
            Composer = Composer("critic-rm", [.. shared, ("critic", "generator")]),
            Generator = new ScriptedSpec(
                name,
                request =>
                {
                    var text = request.Prompt.LastContent;
                    var (critique, score) = critic(Part(text, "conversation"), Part(text, "answer"), new Random((int)request.Options.Seed));
                    return new($"{critique}\nRating: [[{score}]]", FinishReason.StopToken);
                },
                "1"),
        };
    }

    private static string Part(string prompt, string name) => prompt.Split($"<{name}>\n")[1].Split($"\n</{name}>")[0];
}
