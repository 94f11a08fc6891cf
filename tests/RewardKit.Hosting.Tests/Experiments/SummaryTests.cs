using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Tests.Experiments;

public class SummaryTests
{
    private static readonly double[] Good = [.. Enumerable.Range(0, 100).Select(i => i < 80 ? 1.0 : 0)];
    private static readonly double[] Same = [.. Enumerable.Range(0, 100).Select(i => i is >= 2 and < 81 ? 1.0 : 0)];
    private static readonly double[] Poor = [.. Enumerable.Range(0, 100).Select(i => i < 50 ? 1.0 : 0)];

    [Test]
    public void Mean_deviation_and_n_of_an_arm_with_two_seeds()
    {
        var summary = Summary.Of(Results.Of(("a", 1, Good), ("a", 2, Same)));
        var row = summary.Row("a", Results.Metric)!;
        Assert.That(row.Mean, Is.EqualTo(0.795).Within(1e-12));
        // 0.80 and 0.79: deviation 0.01 / sqrt 2.
        Assert.That(row.Deviation, Is.EqualTo(0.01 / Math.Sqrt(2)).Within(1e-12));
        Assert.That(row.Items, Is.EqualTo(100), "n counts pairs, not pairs × seeds");
        Assert.That(row.AboveChance, Is.True);
    }

    [Test]
    public void An_arm_whose_interval_reaches_chance_is_not_above_it()
    {
        var row = Summary.Of(Results.Of(("a", 1, Poor))).Row("a", Results.Metric)!;
        Assert.That(row.AboveChance, Is.False);
        Assert.That(row.Deviation, Is.Null);
    }

    [Test]
    public void Pairing_tells_apart_what_the_separate_intervals_do_not()
    {
        // The second arm differs on eight items only, each time for the worse.
        double[] slightlyWorse = [.. Good.Select((v, i) => i < 8 ? 0 : v)];
        var summary = Summary.Of(Results.Of(("a", 1, Good), ("b", 1, slightlyWorse)));
        var comparison = summary.Comparisons.Single();
        Assert.That(summary.Row("a", Results.Metric)!.Interval!.Value.Low, Is.LessThan(summary.Row("b", Results.Metric)!.Interval!.Value.High));
        Assert.That(comparison.Difference, Is.EqualTo(0.08).Within(1e-12));
        // Differences: eight ones among a hundred, standard deviation sqrt(0.08 · 0.92 · 100 / 99).
        Assert.That(comparison.Interval.Low, Is.EqualTo(0.08 - 1.959964 * Math.Sqrt(0.08 * 0.92 / 99)).Within(1e-6));
        Assert.That(comparison.Distinct, Is.True);
    }

    [Test]
    public void Sentences_name_the_arms_that_cannot_be_told_apart()
    {
        Assert.That(Findings.Of(Summary.Of(Results.Of(("a", 1, Good), ("b", 1, Same))), Results.Metric),
            Has.Member("a and b cannot be told apart on these 100 pairs."));
        Assert.That(Findings.Of(Summary.Of(Results.Of(("a", 1, Good), ("b", 1, Same), ("c", 1, Poor))), Results.Metric),
            Is.SupersetOf(new[]
            {
                "Above chance (50.0 %) with the whole interval: a and b.",
                "Not shown to be above chance (50.0 %): c.",
                "a and b cannot be told apart on these 100 pairs.",
                "a is better than c by 30.0 points (21.0 to 39.0) on these 100 pairs.",
            }));
    }

    [Test]
    public void Sentences_say_how_the_arms_stand_to_the_trivial_baselines()
    {
        var result = Results.Of(("a", 1, Good), ("b", 1, Poor)) with { Trivial = [Results.Run("longer wins", null, Same)] };
        Assert.That(Findings.Of(Summary.Of(result), Results.Metric),
            Has.Member("No better in the mean than the trivial baseline longer wins (79.0 %): b."));
    }

    [Test]
    public void A_number_that_is_no_mean_over_items_has_no_interval()
    {
        var run = Results.Run("a", 1, Good) with { Measurements = new Dictionary<string, Measurement> { ["e/loss"] = new(0.7) } };
        var row = Summary.Of(Results.Of() with { Runs = [run] }).Row("a", "e/loss")!;
        Assert.That((row.Interval, row.Items, row.AboveChance), Is.EqualTo(((Interval?)null, (int?)null, (bool?)null)));
    }
}
