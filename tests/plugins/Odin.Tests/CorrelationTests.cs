using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Odin.Tests;

public sealed class CorrelationTests : LossFixture
{
    // The worked example: quality and length output of three chosen and three rejected responses.
    [TestCase(new[] { 0.2, 1.0, 0.4 }, new long[] { 120, 200, 80 }, 0.8386278694)]
    [TestCase(new[] { 0.5, 0.9, 0.1 }, new long[] { 120, 200, 80 }, 0.9819805061)]
    [TestCase(new[] { -0.1, 0.3, 0.8 }, new long[] { 60, 90, 150 }, 0.9920645329)]
    [TestCase(new[] { 0.3, 0.2, 0.6 }, new long[] { 60, 90, 150 }, 0.8386278694)]
    [TestCase(new[] { 0.2, -0.1, 1.0, 0.3, 0.4, 0.8 }, new long[] { 120, 60, 200, 90, 80, 150 }, 0.8994590815)]
    [TestCase(new[] { 0.5, 0.3, 0.9, 0.2, 0.1, 0.6 }, new long[] { 120, 60, 200, 90, 80, 150 }, 0.9296815005)]
    public void Values_of_the_worked_example(double[] rewards, long[] lengths, double expected) =>
        Assert.That(Value(Correlation.Of(torch.tensor(rewards), torch.tensor(lengths))), Is.EqualTo(expected).Within(1e-9));

    [Property]
    public void It_lies_between_minus_one_and_one_whatever_the_unit_of_length(short[] rewards, ushort[] lengths, byte shift)
    {
        using var scope = torch.NewDisposeScope();
        var n = Math.Min(rewards.Length, lengths.Length);
        var u = torch.tensor(rewards[..n].Select(r => r / 100.0).ToArray());
        long[] tokens = [.. lengths[..n].Select(l => (long)l)];
        var plain = Value(Correlation.Of(u, torch.tensor(tokens)));
        Assert.Multiple(() =>
        {
            Assert.That(plain, Is.InRange(-1 - 1e-12, 1 + 1e-12));
            Assert.That(Value(Correlation.Of(u, torch.tensor(tokens.Select(t => 7 * t + shift).ToArray()))), Is.EqualTo(plain).Within(1e-9));
            Assert.That(Value(Correlation.Of(u, torch.tensor(tokens.Select(t => t / 1000.0 - 3).ToArray()))), Is.EqualTo(plain).Within(1e-9));
            Assert.That(Value(Correlation.Of(-3 * u + 5, torch.tensor(tokens))), Is.EqualTo(-plain).Within(1e-9));
        });
    }

    // Where nothing varies there is no correlation, and nothing to learn from it.
    [TestCase(new[] { 0.3, 0.3, 0.3 }, new long[] { 5, 90, 12 })]
    [TestCase(new[] { 0.1, 0.3, 0.2 }, new long[] { 7, 7, 7 })]
    [TestCase(new[] { 1e4, 1e4, 1e4 }, new long[] { 5, 90, 12 })]
    [TestCase(new[] { 0.0, 0.0 }, new long[] { 0, 0 })]
    [TestCase(new[] { 0.4 }, new long[] { 9 })]
    [TestCase(new double[0], new long[0])]
    public void Without_variation_it_is_zero_and_so_is_its_gradient(double[] rewards, long[] lengths)
    {
        foreach (var type in (torch.ScalarType[])[torch.float64, torch.float32])
        {
            var leaf = torch.tensor(rewards, dtype: type).requires_grad_();
            var correlation = Correlation.Of(leaf, torch.tensor(lengths, dtype: torch.int64));
            Assert.That(correlation.to(torch.float64).item<double>(), Is.Zero.Within(1e-12));
            if (correlation.requires_grad) correlation.backward();
            if (leaf.grad is { } gradient) Assert.That(gradient.to(torch.float64).data<double>().ToArray(), Is.All.EqualTo(0).Within(1e-9));
        }
    }

    [Test]
    public void Small_differences_count()
    {
        // Rewards 1 apart from each other by parts in 10,000, in float32.
        var rewards = torch.tensor((float[])[1.0001f, 1.0002f, 1.0003f, 1.0004f]);
        Assert.That(Correlation.Of(rewards, torch.tensor((long[])[1, 2, 3, 4])).item<float>(), Is.EqualTo(1).Within(1e-3));
    }
}
