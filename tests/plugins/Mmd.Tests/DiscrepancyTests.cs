using RewardKit.Plugins.Tests;
using TorchSharp;
using static RewardKit.Plugins.Tests.Pairs;

namespace RewardKit.Plugins.Mmd.Tests;

public sealed class DiscrepancyTests : LossFixture
{
    private static readonly double[] B1 = [0.1, 0.4], B2 = [0.9, 1.3, 1.1], B3 = [2.0, 1.7];

    [Test]
    public void Values_of_the_worked_example() => Assert.Multiple(() =>
    {
        Assert.That(Value(Of(Estimator.Biased, B1, B2)), Is.EqualTo(0.5682428268).Within(1e-9));
        Assert.That(Value(Of(Estimator.Biased, B1, B3)), Is.EqualTo(1.3809442740).Within(1e-9));
        Assert.That(Value(Of(Estimator.Biased, B2, B3)), Is.EqualTo(0.4586824380).Within(1e-9));
        Assert.That(Value(Of(Estimator.Biased, B1, B2, B3)), Is.EqualTo(2.4078695388).Within(1e-9));
        Assert.That(Value(Of(Estimator.Unbiased, B1, B2)), Is.EqualTo(0.5332986447).Within(1e-9));
        Assert.That(Value(Of(Estimator.Unbiased, B1, B3)), Is.EqualTo(1.3369417558).Within(1e-9));
        Assert.That(Value(Of(Estimator.Unbiased, B2, B3)), Is.EqualTo(0.4237382560).Within(1e-9));
        Assert.That(Value(Of(Estimator.Unbiased, B1, B2, B3)), Is.EqualTo(2.2939786565).Within(1e-9));
    });

    [Test]
    public void The_gradient_of_the_worked_example()
    {
        var values = torch.tensor((double[])[.. B1, .. B2, .. B3]).reshape(-1, 1).requires_grad_();
        Sum(values, Estimator.Biased, 2, 3, 2).backward();
        Assert.That(Gradient(values)[0], Is.EqualTo(-0.68239886).Within(1e-8));
    }

    [Test]
    public void A_linear_kernel_compares_means()
    {
        double Linear(Estimator estimator) => Value(Discrepancy.Sum(
            Discrepancy.Kernel(Column([.. B1, .. B2]), KernelKind.Linear, null), Members(2, 3), estimator));
        Assert.That(Linear(Estimator.Biased), Is.EqualTo(0.7225).Within(1e-12)); // (0.25 − 1.1)²
        // Less the variances of the means: 0.045/2 and 0.04/3.
        Assert.That(Linear(Estimator.Unbiased), Is.EqualTo(0.7225 - 0.0225 - 0.04 / 3).Within(1e-12));
    }

    [Test]
    public void Without_a_bandwidth_it_is_the_median_distance()
    {
        // Distances 1, 3, 7, 2, 6, 4: in order 1 2 3 4 6 7, of which 3 is the lower middle.
        var values = Column(0, 1, 3, 7);
        Assert.That(Kernel(null), Is.EqualTo(Kernel(3)));
        Assert.That(Kernel(null), Is.Not.EqualTo(Kernel(4)));

        double[] Kernel(double? bandwidth) => Discrepancy.Kernel(values, KernelKind.Gaussian, bandwidth).data<double>().ToArray();
    }

    [Test]
    public void Vectors_are_compared_by_their_distance()
    {
        // (0, 0), (3, 4), (3, 0): distances 5, 3, 4.
        var kernel = Discrepancy.Kernel(torch.tensor((double[])[0, 0, 3, 4, 3, 0]).reshape(3, 2), KernelKind.Gaussian, 2).data<double>().ToArray();
        double[] expected = [1, Math.Exp(-25 / 8.0), Math.Exp(-9 / 8.0), Math.Exp(-25 / 8.0), 1, Math.Exp(-2), Math.Exp(-9 / 8.0), Math.Exp(-2), 1];
        Assert.That(kernel, Is.EqualTo(expected).Within(1e-12));
    }

    [Test]
    public void Unbiased_it_may_be_negative_and_biased_it_may_not()
    {
        Assert.That(Value(Of(Estimator.Unbiased, [0, 1], [0, 1])), Is.EqualTo(Math.Exp(-0.5) - 1).Within(1e-12));
        Assert.That(Value(Of(Estimator.Biased, [0, 1], [0, 1])), Is.Zero.Within(1e-15));
    }

    [Test]
    public void Bins_that_hold_too_few_are_left_out() => Assert.Multiple(() =>
    {
        Assert.That(Value(Of(Estimator.Biased, B1, [], B2)), Is.EqualTo(0.5682428268).Within(1e-9));
        Assert.That(Value(Of(Estimator.Unbiased, B1, [5.0], B2)), Is.EqualTo(0.5332986447).Within(1e-9));
        Assert.That(Value(Of(Estimator.Biased, B1)), Is.Zero);
        Assert.That(Value(Of(Estimator.Biased, [1.0], [3.0])), Is.EqualTo(2 - 2 * Math.Exp(-2)).Within(1e-12));
        Assert.That(Value(Of(Estimator.Unbiased, [1.0], [3.0])), Is.Zero);
    });

    [Property]
    public void It_is_symmetric_never_negative_and_blind_to_a_constant(sbyte a, sbyte b, sbyte c, sbyte d, sbyte shift, bool linear)
    {
        using var scope = torch.NewDisposeScope();
        double[] p = [a / 40.0, b / 40.0], q = [c / 40.0, d / 40.0, (a + d) / 80.0];
        double Of(double[] first, double[] second, double by) => Value(Discrepancy.Sum(
            Discrepancy.Kernel(Column([.. first.Concat(second).Select(x => x + by)]), linear ? KernelKind.Linear : KernelKind.Gaussian, 0.7),
            Members(first.Length, second.Length), Estimator.Biased));
        Assert.Multiple(() =>
        {
            Assert.That(Of(p, q, 0), Is.GreaterThan(-1e-12));
            Assert.That(Of(q, p, 0), Is.EqualTo(Of(p, q, 0)).Within(1e-12));
            Assert.That(Of(p, q, shift), Is.EqualTo(Of(p, q, 0)).Within(1e-9));
            Assert.That(Of(q, q, 0), Is.Zero.Within(1e-12));
        });
    }

    [Test]
    public void Gradients_match_finite_differences(
        [Values] Estimator estimator, [Values] KernelKind kind, [Values(1, 3)] int width)
    {
        double[] numbers = [.. Enumerable.Range(0, 7 * width).Select(i => Math.Sin(3 * i + 1))];
        torch.Tensor Loss(torch.Tensor values) =>
            Discrepancy.Sum(Discrepancy.Kernel(values, kind, 0.8), Members(2, 3, 2), estimator);
        var leaf = torch.tensor(numbers).reshape(7, width).requires_grad_();
        Loss(leaf).backward();
        double Moved(int at, double by)
        {
            double[] moved = [.. numbers];
            moved[at] += by;
            return Value(Loss(torch.tensor(moved).reshape(7, width)));
        }
        Assert.That(Gradient(leaf), Is.EqualTo(numbers.Select((_, i) => (Moved(i, 1e-5) - Moved(i, -1e-5)) / 2e-5)).Within(1e-6));
    }

    private static torch.Tensor Of(Estimator estimator, params double[][] bins) =>
        Sum(Column([.. bins.SelectMany(bin => bin)]), estimator, [.. bins.Select(bin => bin.Length)]);

    private static torch.Tensor Sum(torch.Tensor values, Estimator estimator, params int[] sizes) =>
        Discrepancy.Sum(Discrepancy.Kernel(values, KernelKind.Gaussian, 1), Members(sizes), estimator);

    private static torch.Tensor Column(params double[] values) => torch.tensor(values).reshape(-1, 1);

    // So many in the first bin, so many in the second.
    private static torch.Tensor Members(params int[] sizes) => torch.tensor(
        (double[])[.. sizes.SelectMany((size, bin) => Enumerable.Range(0, size).SelectMany(_ => sizes.Select((_, b) => b == bin ? 1.0 : 0)))])
        .reshape(sizes.Sum(), sizes.Length);
}
