using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Tests.Experiments;

public class StatisticsTests
{
    // Published values of the score interval: 8 of 10, 0 of 10 (upper end z²/(n + z²)), 81 of 263 (Newcombe 1998, Stat. Med. 17, table I).
    [TestCase(8, 10, 0.4902, 0.9433)]
    [TestCase(0, 10, 0.0, 0.2775)]
    [TestCase(10, 10, 0.7225, 1.0)]
    [TestCase(81, 263, 0.2553, 0.3662)]
    public void Wilson_interval_has_the_published_values(int successes, int n, double low, double high)
    {
        var interval = Statistics.Wilson((double)successes / n, n);
        Assert.That(interval.Low, Is.EqualTo(low).Within(5e-5));
        Assert.That(interval.High, Is.EqualTo(high).Within(5e-5));
    }

    [Test]
    public void Interval_of_a_mean_is_the_normal_one()
    {
        // 1, 2, 3, 4: mean 2.5, variance (2.25 + 0.25 + 0.25 + 2.25) / 3 = 5/3, standard error sqrt(5/12).
        var interval = Statistics.OfMean([1, 2, 3, 4])!.Value;
        Assert.That(interval.Low, Is.EqualTo(2.5 - 1.959964 * Math.Sqrt(5.0 / 12)).Within(1e-6));
        Assert.That(interval.High, Is.EqualTo(2.5 + 1.959964 * Math.Sqrt(5.0 / 12)).Within(1e-6));
    }

    [Test]
    public void A_share_gets_wilsons_interval_and_another_mean_the_normal_one()
    {
        double[] answers = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0];
        Assert.That(Statistics.OfRun(new(0.8, answers))!.Value.Low, Is.EqualTo(0.4902).Within(5e-5));
        Assert.That(Statistics.OfRun(new(2.5, [1, 2, 3, 4])), Is.EqualTo(Statistics.OfMean([1, 2, 3, 4])));
        Assert.That(Statistics.OfRun(new(0.8)), Is.Null);
    }

    [Test]
    public void Holm_corrects_as_published()
    {
        // Holm (1979) by hand: 0.01 · 4, then max with 0.02 · 3, 0.03 · 2, 0.04 · 1; the order given does not matter.
        Assert.That(Statistics.Holm([0.04, 0.01, 0.03, 0.02]), Is.EqualTo(new[] { 0.06, 0.04, 0.06, 0.06 }).Within(1e-12));
        Assert.That(Statistics.Holm([0.5, 0.6]), Is.EqualTo(new[] { 1.0, 1.0 }));
        Assert.That(Statistics.Holm([0.03]), Is.EqualTo(new[] { 0.03 }), "one comparison needs no correction");
    }

    [Test]
    public void Items_are_averaged_over_seeds_before_they_are_counted()
    {
        var items = Statistics.PerItem([new(0.5, [1, 0]), new(1, [1, 1])]);
        Assert.That(items, Is.EqualTo(new[] { 1, 0.5 }));
    }

    [Test]
    public void Runs_on_different_items_have_no_item_means()
    {
        Assert.That(Statistics.PerItem([new(0.5, [1, 0]), new(1, [1])]), Is.Null);
        Assert.That(Statistics.PerItem([new(0.5, [1, 0]), new(1)]), Is.Null);
    }
}
