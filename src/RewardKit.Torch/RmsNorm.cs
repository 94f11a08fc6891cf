using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>Root-mean-square normalisation (Zhang and Sennrich, arXiv:1910.07467).</summary>
public static class RmsNorm
{
    /// <summary>x / √(mean(x²) + eps) · weight over the last dimension; half types are normalised in float32.</summary>
    /// <param name="x"><c>[..., dim]</c>.</param>
    /// <param name="weight"><c>[dim]</c>.</param>
    /// <param name="eps">Added to the mean square.</param>
    public static Tensor Apply(Tensor x, Tensor weight, double eps) =>
#if TORCH_PACKAGE
        Reference(x, weight, eps);
#else
        Ops.rms_norm(x, weight, eps);
#endif

    /// <summary>The same in TorchSharp calls.</summary>
    internal static Tensor Reference(Tensor x, Tensor weight, double eps)
    {
        using var scope = NewDisposeScope();
        var wide = x.dtype == ScalarType.Float64 ? x : x.to_type(ScalarType.Float32);
        var scale = wide.pow(2).mean([-1L], true).add(eps).rsqrt();
        return wide.mul(scale).to_type(x.dtype).mul(weight).MoveToOuterDisposeScope();
    }
}
