using RewardKit.Plugins.Tests;

namespace RewardKit.Plugins.Diagnostics.Tests;

public sealed class DiagnosticsTests
{
    [Test]
    public async Task Margins_are_probabilities()
    {
        // Sure and right, less sure and wrong, undecided.
        var margins = new[] { 2.0, -1, 0 };
        var report = await Evaluate(new CalibrationEvaluator(), margins.Select((_, i) => Pairs.Preference(i)), r =>
            r.Response.LastContent.StartsWith("good") ? margins[int.Parse(r.Response.LastContent.Split(' ')[1])] : 0);
        static double Sigma(double x) => 1 / (1 + Math.Exp(-x));
        Assert.Multiple(() =>
        {
            Assert.That(report.Metrics["brier"].Items, Is.EqualTo(new[] { Math.Pow(1 - Sigma(2), 2), Math.Pow(1 - Sigma(-1), 2), 0.25 }).Within(1e-12));
            Assert.That(report.Metrics["log-loss"].Items, Is.EqualTo(new[] { -Math.Log(Sigma(2)), -Math.Log(Sigma(-1)), Math.Log(2) }).Within(1e-12));
            // Each pair is alone in its bin.
            Assert.That(report.Metrics["ece"].Value, Is.EqualTo((1 - Sigma(2) + Sigma(1) + 0) / 3).Within(1e-12));
            Assert.That(report.Metrics["confidence"].Value, Is.EqualTo((Sigma(2) + Sigma(1) + 0.5) / 3).Within(1e-12));
            Assert.That(report.Metrics["accuracy"].Value, Is.EqualTo(0.5));
        });
    }

    [TestCase(1000)]
    [TestCase(-1000)]
    public async Task Large_margins_stay_numbers(double margin)
    {
        var report = await Evaluate(new CalibrationEvaluator(), [Pairs.Preference(1)], r => r.Response.LastContent.StartsWith("good") ? margin : 0);
        Assert.That(report.Metrics["log-loss"].Value, Is.EqualTo(margin > 0 ? 0 : 1000).Within(1e-9));
        Assert.That(report.Metrics.Values.Select(m => m.Value), Has.All.Matches<double>(double.IsFinite));
    }

    [TestCase(LengthUnit.Characters)]
    [TestCase(LengthUnit.Words)]
    public async Task A_scorer_that_counts_is_found_out(LengthUnit unit)
    {
        PreferenceExample Pair(int i, string chosen, string rejected) => Pairs.Preference(i) with { Chosen = Conversation.Assistant(chosen), Rejected = Conversation.Assistant(rejected) };
        PreferenceExample[] pairs = [Pair(1, "aa bb cc", "dd"), Pair(2, "aa", "dd ee"), Pair(3, "a", "dd ee ff gg"), Pair(4, "aa", "bb")];
        var metrics = (await Evaluate(new LengthBiasEvaluator(new() { Unit = unit }), pairs, r => r.Response.LastContent.Length)).Metrics;
        Assert.Multiple(() =>
        {
            Assert.That(metrics["longer-preferred"].Value, Is.EqualTo(1));
            Assert.That(metrics["longer-chosen"].Value, Is.EqualTo(1 / 3.0).Within(1e-12));
            Assert.That(metrics["excess"].Items, Is.EqualTo(new[] { 0.0, 1, 1 }));
            Assert.That(metrics["accuracy.longer-chosen"].Value, Is.EqualTo(1));
            Assert.That(metrics["accuracy.shorter-chosen"].Items, Is.EqualTo(new[] { 0.0, 0 }));
            Assert.That(metrics["correlation.within-pairs"].Value, Is.EqualTo(1).Within(unit == LengthUnit.Words ? 0.02 : 1e-12));
            Assert.That(metrics["correlation.spearman"].Value, Is.EqualTo(1).Within(unit == LengthUnit.Words ? 0.1 : 1e-12));
            Assert.That(metrics["equally long"].Value, Is.EqualTo(1));
        });
        var constant = (await Evaluate(new LengthBiasEvaluator(new()), pairs, _ => 1)).Metrics;
        Assert.That(constant.Keys, Has.None.StartsWith("correlation"));
        Assert.That(constant["longer-preferred"].Value, Is.EqualTo(0.5));
    }

    [Test]
    public async Task A_pairwise_model_has_margins_and_no_rewards()
    {
        PreferenceExample[] pairs = [Pairs.Preference(1), Pairs.Preference(22), Pairs.Preference(333)];
        var report = await new LengthBiasEvaluator(new()).EvaluateAsync(new(new FakeComparer(r => r.Response.LastContent.Length), pairs, 1), default);
        Assert.That(report.Metrics.Keys, Has.No.Member("correlation.pearson").And.No.Member("correlation.spearman").And.Member("longer-preferred"));
        Assert.That(report.Metrics["longer-preferred"].Value, Is.EqualTo(1));
    }

    [Test]
    public void Nothing_to_judge_by_is_refused()
    {
        foreach (var evaluator in new IEvaluator[] { new CalibrationEvaluator(), new LengthBiasEvaluator(new()) })
            Assert.That(() => Evaluate(evaluator, [Pairs.Tie(1)], _ => 0), Throws.TypeOf<RewardKitException>().With.Message.Contains("1 examples and none is one"));
    }

    private static Task<EvaluationReport> Evaluate(IEvaluator evaluator, IEnumerable<PreferenceExample> pairs, Func<ScoreRequest, double> reward) =>
        evaluator.EvaluateAsync(new(new FakeScorer(reward), [.. pairs], 1), default);
}
