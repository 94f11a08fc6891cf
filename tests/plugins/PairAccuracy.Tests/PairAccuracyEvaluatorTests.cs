using RewardKit.Plugins.Tests;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.PairAccuracy.Tests;

public sealed class PairAccuracyEvaluatorTests
{
    // Right by 2, wrong by 1, equal, right by 0.5.
    private static readonly double[] Good = [3, 0, 1, 0.5];
    private static readonly double[] Bad = [1, 1, 1, 0];

    private static readonly FakeScorer Scorer = new(request =>
    {
        var words = request.Response.LastContent.Split(' ');
        return (words[0] == "good" ? Good : Bad)[int.Parse(words[1]) - 1];
    });

    [TestCase(EqualRewards.Strict, 0.5, 0.0)]
    [TestCase(EqualRewards.Half, 0.625, 0.5)]
    public async Task Equal_rewards_count_as_the_option_says(EqualRewards ties, double accuracy, double credit)
    {
        var report = await Evaluate(new() { Ties = ties }, Preferences(4));
        Assert.Multiple(() =>
        {
            Assert.That(report.Metrics["accuracy"].Value, Is.EqualTo(accuracy));
            Assert.That(report.Metrics["accuracy"].Items, Is.EqualTo(new[] { 1, 0, credit, 1 }));
            Assert.That(report.Metrics["accuracy"].Chance, Is.EqualTo(0.5));
            Assert.That(report.Metrics["margin"].Value, Is.EqualTo(0.375));
            Assert.That(report.Metrics["margin"].Items, Is.EqualTo(new[] { 2, -1, 0, 0.5 }));
        });
    }

    [Test]
    public async Task Every_pair_is_a_sample_with_its_rewards()
    {
        var report = await Evaluate(new(), Preferences(4));
        Assert.That(report.Samples, Is.EqualTo(
            Preferences(4).Select((pair, i) => new EvaluationSample(pair, new(Good[i], Bad[i])))));
    }

    [Test]
    public async Task Strict_is_the_default_and_labelled_ties_are_left_out()
    {
        var report = await Evaluate(new(), [Preference(1), Tie(2), Preference(3)]);
        Assert.That(report.Metrics["accuracy"].Items, Is.EqualTo(new[] { 1.0, 0.0 }));
        Assert.That(report.Samples.Select(s => s.Example.Id), Is.EqualTo(new[] { "data:1", "data:3" }));
    }

    [Test]
    public void Nothing_to_judge_by_is_refused() => Assert.Multiple(() =>
    {
        Assert.That(() => Evaluate(new(), []), Throws.TypeOf<RewardKitException>().With.Message.Contains("needs held-out preferences"));
        Assert.That(() => Evaluate(new(), [Tie(1)]), Throws.TypeOf<RewardKitException>().With.Message.Contains("1 examples"));
    });

    private static Task<EvaluationReport> Evaluate(PairAccuracyOptions options, PreferenceExample[] pairs) =>
        new PairAccuracyEvaluator(options).EvaluateAsync(new(Scorer, pairs, 1), default);
}
