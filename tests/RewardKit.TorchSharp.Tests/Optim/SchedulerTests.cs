using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.TorchSharp.Tests.Optim;

public class SchedulerTests
{
    private DisposeScope _scope = null!;

    [SetUp]
    public void Open() => _scope = NewDisposeScope();

    [TearDown]
    public void Close() => _scope.Dispose();

    private static double[] Rates(int steps, Func<optim.Optimizer, optim.lr_scheduler.LRScheduler> make)
    {
        var optimizer = optim.SGD([nn.Parameter(zeros(1))], 8);
        var schedule = make(optimizer);
        var rates = new List<double>();
        for (var step = 0; step < steps; step++)
        {
            Assert.That(schedule.get_last_lr(), Is.EqualTo(optimizer.ParamGroups.Select(group => group.LearningRate)));
            rates.Add(schedule.get_last_lr().Single());
            schedule.step();
        }
        return [.. rates];
    }

    [Test]
    public void Linear() => Assert.That(Rates(5, o => optim.lr_scheduler.LinearLR(o, 0.25, 1, 3)), Is.EqualTo(new double[] { 2, 4, 6, 8, 8 }).Within(1e-12));

    [Test]
    public void Constant() => Assert.That(Rates(4, o => optim.lr_scheduler.ConstantLR(o, 0.5, 2)), Is.EqualTo(new double[] { 4, 4, 8, 8 }));

    [Test]
    public void Lambda() => Assert.That(Rates(3, o => optim.lr_scheduler.LambdaLR(o, step => 1.0 / (1 + step))), Is.EqualTo(new[] { 8, 4, 8.0 / 3 }).Within(1e-12));

    [Test]
    public void Cosine() =>
        Assert.That(Rates(5, o => optim.lr_scheduler.CosineAnnealingLR(o, 4, eta_min: 2)),
            Is.EqualTo(new[] { 8, 5 + 3 * Math.Sqrt(0.5), 5, 5 - 3 * Math.Sqrt(0.5), 2 }).Within(1e-12));

    [Test]
    public void Warm_up_and_then_decay() =>
        Assert.That(
            Rates(6, o => optim.lr_scheduler.SequentialLR(o,
                [optim.lr_scheduler.LinearLR(o, 0.5, 1, 2), optim.lr_scheduler.LinearLR(o, 1, 0, 4)], [2])),
            Is.EqualTo(new double[] { 4, 6, 8, 6, 4, 2 }).Within(1e-12));
}
