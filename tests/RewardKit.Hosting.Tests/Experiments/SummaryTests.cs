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
        // A resample's number of ones is binomial with n = 100, p = 0.08: its 2.5 % and 97.5 % quantiles are 3 and 14.
        Assert.That(comparison.Interval, Is.EqualTo(new Interval(0.03, 0.14)).Using<Interval>(Near));
        // Of the 2⁸ ways to flip the eight differences, all plus and all minus are as extreme.
        Assert.That(comparison.P, Is.EqualTo(2 / 256.0).Within(0.003));
        Assert.That(comparison.CorrectedP, Is.EqualTo(comparison.P), "one comparison needs no correction");
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
                "a is better than c by 30.0 points (21.0 to 39.0; corrected p < 0.001) on these 100 pairs.",
            }));
    }

    [Test]
    public void Many_arms_make_chance_findings_that_the_correction_takes_back()
    {
        // b is worse on six items and better on none: p = 2/2⁶ = 0.031 alone, three times that among three comparisons.
        double[] worse = [.. Good.Select((v, i) => i < 6 ? 0 : v)];
        Assert.That(Findings.Of(Summary.Of(Results.Of(("a", 1, Good), ("b", 1, worse))), Results.Metric),
            Has.Some.Match(@"^a is better than b by 6\.0 points \(2\.0 to 11\.0; p = 0\.03\d\) on these 100 pairs\.$"));
        var summary = Summary.Of(Results.Of(("a", 1, Good), ("b", 1, worse), ("c", 1, worse)));
        Assert.That(summary.Comparisons.Select(c => c.Distinct), Is.All.False);
        Assert.That(Findings.Of(summary, Results.Metric),
            Has.Some.Match(@"^a is 6\.0 points above b \(2\.0 to 11\.0; p = 0\.03\d\), which does not hold up among 3 comparisons \(corrected p = 0\.09\d\)\.$")
            & Has.Member("b and c cannot be told apart on these 100 pairs."));
    }

    [Test]
    public void Many_differences_are_told_arm_by_arm()
    {
        var result = Results.Of([.. "abcdef".Select((arm, place) =>
            (arm.ToString(), 1, Enumerable.Range(0, 100).Select(i => i < 90 - 15 * place ? 1.0 : 0).ToArray()))]);
        var sentences = Findings.Of(Summary.Of(result), Results.Metric);
        Assert.That(sentences, Has.Member("a is better than b, c, d, e and f by 15.0 to 75.0 points (corrected p at most 0.002) on these 100 pairs."));
        Assert.That(sentences, Has.Some.StartsWith("e is better than f by 15.0 points (8.0 to 22.0; corrected p = 0.00"));
        Assert.That(sentences.Count(s => s.Contains(" is better than ")), Is.EqualTo(5));
    }

    [Test]
    public void A_share_over_seeds_is_never_certain()
    {
        double[] all = [.. Enumerable.Repeat(1.0, 10)];
        double[] nearly = [.. all.Skip(1), 0];
        // Ten of ten, whatever the number of seeds: Wilson's published 0.7225.
        var certain = Summary.Of(Results.Of(("a", 1, all), ("a", 2, all))).Row("a", Results.Metric)!.Interval!.Value;
        Assert.That(certain.Low, Is.EqualTo(0.7225).Within(5e-5));
        // Nine ones and a half; P(the half drawn at most k times), binomial with n = 10, p = 0.1: 0.987 for k = 3, 0.930 for k = 2.
        var interval = Summary.Of(Results.Of(("a", 1, all), ("a", 2, nearly))).Row("a", Results.Metric)!.Interval!.Value;
        Assert.That(interval, Is.EqualTo(new Interval(0.85, 1)).Using<Interval>(Near));
    }

    [Test]
    public void A_run_that_diverged_has_no_interval_and_takes_nobody_elses()
    {
        double[] broken = [.. Good.Select((v, i) => i == 3 ? double.NaN : v)];
        var summary = Summary.Of(Results.Of(("a", 1, Good), ("b", 1, broken), ("c", 1, Poor)));
        Assert.That(summary.Row("b", Results.Metric)!.Interval, Is.Null);
        Assert.That(summary.Row("a", Results.Metric)!.Interval, Is.Not.Null);
        Assert.That(summary.Comparisons.Select(c => (c.First, c.Second)), Is.EqualTo(new[] { ("a", "c") }));
    }

    private static bool Near(Interval a, Interval b) => Math.Abs(a.Low - b.Low) < 1e-9 && Math.Abs(a.High - b.High) < 1e-9;

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
