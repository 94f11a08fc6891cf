using TorchSharp;

namespace RewardKit.Plugins.Mmd;

/// <summary>
/// The squared maximum mean discrepancy of two samples, <c>E k(x, x') + E k(y, y') − 2 E k(x, y)</c>: 0 where they are
/// distributed alike, as far as the kernel k sees.
/// </summary>
public static class Discrepancy
{
    /// <summary>The kernel of each value with each.</summary>
    /// <param name="values">The values, <c>[n, width]</c>.</param>
    /// <param name="kind">The kernel.</param>
    /// <param name="bandwidth">s of the Gaussian; null for the median distance, held constant.</param>
    /// <returns><c>[n, n]</c>.</returns>
    public static torch.Tensor Kernel(torch.Tensor values, KernelKind kind, double? bandwidth)
    {
        // No discrepancy depends on where 0 is; in the middle, least is lost to rounding.
        values -= values.mean([0], keepdim: true).detach();
        if (kind == KernelKind.Linear) return values.matmul(values.t());
        var squares = SquaredDistances(values);
        var scale = bandwidth is { } s
            ? torch.full([], s, dtype: values.dtype, device: values.device)
            : Median(squares.detach()).sqrt().clamp_min(1e-6);
        return (squares / (-2 * scale * scale)).exp();
    }

    /// <summary>The sum of the squared discrepancies over all pairs of bins that hold enough, each pair once.</summary>
    /// <param name="kernel">The kernel of each value with each, <c>[n, n]</c>.</param>
    /// <param name="members">1 where a value is in a bin, else 0, <c>[n, bins]</c>.</param>
    /// <param name="estimator">The estimator; the biased one needs one value in a bin, the other two.</param>
    /// <returns>A scalar; 0 where fewer than two bins hold enough.</returns>
    public static torch.Tensor Sum(torch.Tensor kernel, torch.Tensor members, Estimator estimator)
    {
        var counts = members.sum(dim: 0);
        var sums = members.t().matmul(kernel).matmul(members);
        var means = sums / counts.clamp_min(1).unsqueeze(0) / counts.clamp_min(1).unsqueeze(1);
        var within = estimator == Estimator.Biased
            ? means.diagonal()
            : (sums.diagonal() - kernel.diagonal().unsqueeze(0).matmul(members).squeeze(0)) / (counts * (counts - 1)).clamp_min(1);
        var enough = counts.ge(estimator == Estimator.Biased ? 1 : 2).to(kernel.dtype);
        var squares = within.unsqueeze(0) + within.unsqueeze(1) - 2 * means;
        return (squares * (enough.unsqueeze(0) * enough.unsqueeze(1)).triu(1)).sum();
    }

    private static torch.Tensor SquaredDistances(torch.Tensor values)
    {
        if (values.shape[1] == 1) return (values - values.t()).pow(2);
        // Of vectors by their products: the differences themselves would take n²·width numbers.
        var norms = values.pow(2).sum(1);
        return (norms.unsqueeze(0) + norms.unsqueeze(1) - 2 * values.matmul(values.t())).clamp_min(0);
    }

    // Of each two values once; the lower of the two in the middle of an even number.
    private static torch.Tensor Median(torch.Tensor square)
    {
        var each = square.masked_select(torch.ones_like(square).triu(1).gt(0));
        return each.numel() == 0 ? square.sum() : torch.sort(each).values.select(0, (each.numel() - 1) / 2);
    }
}
