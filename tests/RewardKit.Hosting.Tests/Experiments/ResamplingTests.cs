using RewardKit.Hosting.Experiments;

namespace RewardKit.Hosting.Tests.Experiments;

public class ResamplingTests
{
    private static readonly double[] A = [1, 0.5, 1, 0, 1, 1, 0.5, 1, 1, 0.5];
    private static readonly double[] B = [0, 0.5, 1, 0.5, 0, 1, 0, 0.5, 0, 0];

    [Test]
    public void P_value_is_that_of_all_sign_flips()
    {
        double[] differences = [.. A.Zip(B, (a, b) => a - b)];
        var found = Math.Abs(differences.Sum());
        var exact = Enumerable.Range(0, 1 << differences.Length)
            .Count(flips => Math.Abs(differences.Select((d, i) => (flips >> i & 1) == 0 ? d : -d).Sum()) >= found) / (double)(1 << differences.Length);
        Assert.That(exact, Is.InRange(0.02, 0.2), "neither end, or the test would show nothing");
        // Four standard errors of a share of 10,000.
        Assert.That(new Resampling([A, B]).PValue(0, 1), Is.EqualTo(exact).Within(4 * Math.Sqrt(exact * (1 - exact) / Resampling.Draws)));
    }

    [Test]
    public void Interval_is_that_of_all_resamples()
    {
        // Six values give 6⁶ resamples: all of them, in order.
        double[] values = [0, 1, 1, 3, 4, 9];
        double[] means = [.. Enumerable.Range(0, 46_656).Select(n =>
        {
            var sum = 0.0;
            for (var i = 0; i < 6; i++, n /= 6) sum += values[n % 6];
            return sum / 6;
        }).Order()];
        var interval = new Resampling([values]).Mean(0);
        Assert.That(interval.Low, Is.EqualTo(means[(int)(0.025 * 46_656)]).Within(0.17), "a step of the lattice");
        Assert.That(interval.High, Is.EqualTo(means[(int)(0.975 * 46_656)]).Within(0.17));
    }

    [Test]
    public void Arms_are_compared_item_by_item()
    {
        // The same values in another order: equal means, and with the pairing lost a wide interval.
        var random = new Random(1);
        double[] arm = [.. Enumerable.Range(0, 400).Select(_ => random.NextDouble())];
        double[] slightlyBetter = [.. arm.Select(v => v + 0.01 + 0.001 * random.NextDouble())];
        var paired = new Resampling([slightlyBetter, arm]);
        Assert.That(paired.Difference(0, 1).Low, Is.GreaterThan(0.01));
        Assert.That(paired.PValue(0, 1), Is.EqualTo(1 / 10_001.0));
        random.Shuffle(slightlyBetter);
        var unpaired = new Resampling([slightlyBetter, arm]);
        Assert.That(unpaired.Difference(0, 1).Contains(0), Is.True);
        Assert.That(unpaired.PValue(0, 1), Is.GreaterThan(0.05));
    }

    [Test]
    public void Equal_arms_have_no_difference()
    {
        var draws = new Resampling([A, A]);
        Assert.That(draws.Difference(0, 1), Is.EqualTo(new Interval(0, 0)));
        Assert.That(draws.PValue(0, 1), Is.EqualTo(1));
    }

    [Test]
    public void The_same_values_give_the_same_numbers_whoever_else_is_there()
    {
        var (two, three) = (new Resampling([A, B]), new Resampling([B, A, B]));
        Assert.That(three.Difference(1, 2), Is.EqualTo(two.Difference(0, 1)));
        Assert.That(three.PValue(1, 2), Is.EqualTo(two.PValue(0, 1)));
        Assert.That(three.Mean(1), Is.EqualTo(two.Mean(0)));
    }

    [Test]
    public void Intervals_hold_the_truth_and_tests_err_as_often_as_they_say()
    {
        // Two arms that are right on 70 and 60 % of the items, both on the easy half; 300 experiments of 120 items.
        const int experiments = 300;
        var random = new Random(1);
        int held = 0, heldMean = 0, wrong = 0;
        for (var experiment = 0; experiment < experiments; experiment++)
        {
            var (first, second, alike) = (new double[120], new double[120], new double[120]);
            for (var i = 0; i < first.Length; i++)
            {
                var easy = random.NextDouble() < 0.5;
                first[i] = easy || random.NextDouble() < 0.4 ? 1 : 0;
                second[i] = easy || random.NextDouble() < 0.2 ? 1 : 0;
                alike[i] = easy || random.NextDouble() < 0.4 ? 1 : 0;
            }
            var draws = new Resampling([first, second, alike], (ulong)experiment);
            if (draws.Difference(0, 1).Contains(0.1)) held++;
            if (draws.Mean(0).Contains(0.7)) heldMean++;
            if (draws.PValue(0, 2) < 0.05) wrong++;
        }
        // 95 % and 5 %, three standard errors (1.3 points) either way, and the percentile interval is a little short.
        Assert.That(held / (double)experiments, Is.InRange(0.90, 0.99));
        Assert.That(heldMean / (double)experiments, Is.InRange(0.90, 0.99));
        Assert.That(wrong / (double)experiments, Is.InRange(0.01, 0.09));
    }
}
