using RewardKit.Hosting.Reports;

namespace RewardKit.Hosting.Tests.Reports;

public class PaceTests
{
    [TestCase(100, "train, 41.2 pairs/s, 9841 tokens/s, 1:05 left, loss 0.512, accuracy 63 %")]
    [TestCase(72, "train, 41.2 pairs/s, 9841 tokens/s, 1:05 left, loss 0.512, accuracy 63 %")]
    [TestCase(71, "41.2 pairs/s, 9841 tokens/s, 1:05 left, loss 0.512, accuracy 63 %")]
    [TestCase(60, "41.2 pairs/s, 1:05 left, loss 0.512, accuracy 63 %")]
    [TestCase(40, "41.2 pairs/s, 1:05 left, loss 0.512")]
    [TestCase(30, "1:05 left, loss 0.512")]
    [TestCase(0, "1:05 left")]
    public void What_matters_least_gives_way_first(int room, string line) => Assert.That(Pace.Fit(
        [("train", 5), ("41.2 pairs/s", 2), ("9841 tokens/s", 4), ("1:05 left", 0), ("loss 0.512", 1), ("accuracy 63 %", 3)], room), Is.EqualTo(line));

    [Test]
    public void Outside_training_the_stage_is_named_before_there_is_a_rate()
    {
        var pace = new Pace();
        pace.Begins(new("reference", 8, 16, "pairs"));
        Assert.That(Pace.Fit(pace.Facts(new("reference", 8, 16, "pairs")), 0), Is.EqualTo("reference"));
    }
}
