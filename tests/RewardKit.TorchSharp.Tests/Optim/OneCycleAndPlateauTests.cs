using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace RewardKit.TorchSharp.Tests.Optim;

public class OneCycleAndPlateauTests
{
    private static Parameter Weight => nn.Parameter(zeros(1));

    private static double[] Rates(Optimizer optimizer, lr_scheduler.LRScheduler schedule, int steps, Func<double>? momentum = null, List<double>? momenta = null)
    {
        var rates = new List<double>();
        for (var step = 0; step < steps; step++)
        {
            rates.Add(optimizer.ParamGroups.Single().LearningRate);
            momenta?.Add(momentum!());
            if (step < steps - 1) schedule.step();
        }
        return [.. rates];
    }

    [Test]
    public void One_cycle_goes_up_to_the_highest_rate_and_down_to_almost_nothing_and_the_momentum_the_other_way()
    {
        // 10 steps, 0.3 of them up: steps 0, 1, 2; then 7 down. A cosine's middle is the mean of its ends.
        var optimizer = SGD([Weight], 1, momentum: 0.5);
        var momenta = new List<double>();
        var schedule = lr_scheduler.OneCycleLR(optimizer, max_lr: 1, total_steps: 10, div_factor: 25, final_div_factor: 100);
        var group = (IMomentum)optimizer.ParamGroups.Single();
        var rates = Rates(optimizer, schedule, 10, () => group.Momentum, momenta);
        double Down(int step) => 0.0004 + (1 - 0.0004) / 2 * (1 + Math.Cos(Math.PI * (step - 2) / 7));
        Assert.That(rates, Is.EqualTo(new[] { 0.04, 0.52, 1, Down(3), Down(4), Down(5), Down(6), Down(7), Down(8), 0.0004 }).Within(1e-12));
        Assert.That((momenta[0], momenta[1], momenta[2], momenta[9]), Is.EqualTo((0.95, 0.9, 0.85, 0.95)).Within(1e-12));
        schedule.step();
        Assert.That(schedule.step, Throws.InvalidOperationException.With.Message.Contains("10"));
    }

    [Test]
    public void Three_phases_in_lines_come_back_to_the_start_first()
    {
        // 10 steps, 0.4 up: ends at 3, 6 and 9.
        var optimizer = Adam([Weight], 1, beta2: 0.5);
        var schedule = lr_scheduler.OneCycleLR(optimizer, max_lr: [1.0], epochs: 5, steps_per_epoch: 2, pct_start: 0.4, div_factor: 4, final_div_factor: 2,
            three_phase: true, anneal_strategy: lr_scheduler.impl.OneCycleLR.AnnealStrategy.Linear);
        Assert.That(Rates(optimizer, schedule, 10),
            Is.EqualTo(new[] { 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0.25 - 0.125 / 3, 0.25 - 0.25 / 3, 0.125 }).Within(1e-12));
        Assert.That(((IBetas)optimizer.ParamGroups.Single()).Betas, Is.EqualTo((0.95, 0.5)));
    }

    [Test]
    public void Settings_that_cannot_be_are_refused()
    {
        var optimizer = SGD([Weight], 1);
        Assert.That(() => lr_scheduler.OneCycleLR(optimizer, 1.0), Throws.ArgumentException.With.Message.Contains("total_steps"));
        Assert.That(() => lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps: 5, pct_start: 2), Throws.ArgumentException.With.Message.Contains("pct_start"));
        Assert.That(() => lr_scheduler.OneCycleLR(optimizer, [1.0, 2.0], total_steps: 5), Throws.ArgumentException.With.Message.Contains("2 rates"));
        Assert.That(() => lr_scheduler.ReduceLROnPlateau(optimizer, factor: 1), Throws.ArgumentException.With.Message.Contains("factor"));
        Assert.That(() => lr_scheduler.ReduceLROnPlateau(optimizer, mode: "best"), Throws.ArgumentException.With.Message.Contains("best"));
    }

    [Test]
    public void A_plateau_lowers_the_rate_after_patience_and_not_below_the_lowest()
    {
        var optimizer = SGD([Weight], 1);
        var schedule = lr_scheduler.ReduceLROnPlateau(optimizer, factor: 0.1, patience: 1, threshold: 0.1, cooldown: 1, min_lr: [0.05]);
        var rates = new List<double>();
        // 10 is the best; 9.5 is not a tenth better; the second such step is one too many. Then one step of cooling.
        foreach (var metric in new[] { 10, 9.5, 9.5, 9.5, 9.5, 9.5, 5, 5 })
        {
            schedule.step(metric);
            rates.Add(optimizer.ParamGroups.Single().LearningRate);
        }
        Assert.That(rates, Is.EqualTo(new[] { 1, 1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05 }).Within(1e-12));
        Assert.That(schedule.get_last_lr(), Is.EqualTo(new[] { 0.05 }));
        Assert.That(schedule.step, Throws.InvalidOperationException.With.Message.Contains("metric"));
    }

    [Test]
    public void A_larger_metric_can_be_the_better()
    {
        var optimizer = SGD([Weight], 1);
        var schedule = lr_scheduler.ReduceLROnPlateau(optimizer, mode: "max", factor: 0.5, patience: 0, threshold: 1, threshold_mode: "abs");
        foreach (var metric in new[] { 1.0, 2.5, 3 }) schedule.step(metric);
        Assert.That(optimizer.ParamGroups.Single().LearningRate, Is.EqualTo(0.5));
    }
}
