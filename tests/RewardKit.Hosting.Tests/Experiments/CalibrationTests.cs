using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Tests.Experiments;

public class CalibrationTests
{
    [Test]
    public void Numbers_worked_by_hand()
    {
        // σ(ln 3) = 3/4, σ(ln 9) = 9/10. Three sure pairs at 0.9, one of them wrong; one at 0.75, right.
        double three = Math.Log(3), nine = Math.Log(9);
        var calibration = Calibration.Of([[nine, -nine, nine, three]]);
        Assert.That(calibration.Bins.Select(b => (Math.Round(b.Confidence, 9), b.Accuracy, b.Count)),
            Is.EqualTo(new[] { (0.75, 1.0, 1), (0.9, 2.0 / 3, 3) }));
        // (1 · |1 − 0.75| + 3 · |2/3 − 0.9|) / 4
        Assert.That(calibration.Error, Is.EqualTo((0.25 + 0.7) / 4).Within(1e-12));
        Assert.That(calibration.Brier, Is.EqualTo((0.01 + 0.81 + 0.01 + 0.0625) / 4).Within(1e-12));
        Assert.That(calibration.LogLoss, Is.EqualTo(-(2 * Math.Log(0.9) + Math.Log(0.1) + Math.Log(0.75)) / 4).Within(1e-12));
    }

    [Test]
    public void Error_by_chance_is_what_labels_drawn_from_the_confidences_have()
    {
        var random = new Random(1);
        double[] sizes = [.. Enumerable.Range(0, 300).Select(_ => 3 * random.NextDouble())];
        var drawn = Enumerable.Range(0, 300)
            .Average(_ => Calibration.Of([[.. sizes.Select(s => random.NextDouble() < 1 / (1 + Math.Exp(-s)) ? s : -s)]]).Error);
        Assert.That(Calibration.Of([sizes]).ErrorByChance, Is.EqualTo(drawn).Within(0.05 * drawn));
    }

    [Test]
    public void A_reward_that_is_always_the_same_says_nothing_and_errs_in_nothing()
    {
        var calibration = Calibration.Of([[0, 0, 0]]);
        Assert.That((calibration.Error, calibration.Brier), Is.EqualTo((0.0, 0.25)));
        Assert.That(calibration.LogLoss, Is.EqualTo(Math.Log(2)).Within(1e-12));
    }

    [Test]
    public void Wild_margins_do_not_overflow()
    {
        var calibration = Calibration.Of([[800, -800]]);
        Assert.That(calibration.LogLoss, Is.EqualTo(400));
        Assert.That(calibration.Error, Is.EqualTo(0.5));
    }

    [Test]
    public void Labels_drawn_from_the_confidences_are_calibrated_as_well_as_chance_allows_and_doubled_margins_are_not()
    {
        var random = new Random(1);
        double[] Margins(double sureness) => [.. Enumerable.Range(0, 2000).Select(_ =>
        {
            var size = 3 * random.NextDouble();
            return sureness * (random.NextDouble() < 1 / (1 + Math.Exp(-size)) ? size : -size);
        })];
        var (sound, sure) = (Calibration.Of([Margins(1)]), Calibration.Of([Margins(2)]));
        Assert.That(sound.Error, Is.LessThan(2 * sound.ErrorByChance));
        Assert.That(sure.Error, Is.GreaterThan(3 * sure.ErrorByChance));
    }
}
