namespace RewardKit.Training.Tests;

public class LearningRateTests
{
    // Crome's schedule: 210,000 rows in batches of 256 are 820 steps, 3 % of them warm-up.
    [TestCase(0, 0.0)]
    [TestCase(10, 4.0e-7)]
    [TestCase(25, 1.0e-6)]
    [TestCase(100, 9.782005e-7)]
    [TestCase(422, 5.009879e-7)]
    [TestCase(820, 0.0)]
    public void Warms_up_linearly_and_falls_as_half_a_cosine(int step, double expected)
    {
        var options = new TrainingOptions { LearningRate = 1e-6, WarmupRatio = 0.03, Schedule = Schedule.Cosine };
        var rate = LearningRate.Of(options, 820);
        Assert.That(rate.WarmupSteps, Is.EqualTo(25));
        Assert.That(rate.At(step), Is.EqualTo(expected).Within(1e-13));
    }

    [Test]
    public void A_linear_schedule_is_half_way_in_the_middle_and_a_constant_one_never_falls()
    {
        Assert.That(new LearningRate(2, 0, 10, Schedule.Linear).At(5), Is.EqualTo(1).Within(1e-15));
        Assert.That(new LearningRate(2, 2, 10, Schedule.Constant).At(10), Is.EqualTo(2));
        Assert.That(new LearningRate(2, 2, 10, Schedule.Constant).At(1), Is.EqualTo(1));
    }
}
