using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>Rotary positions (Su et al., arXiv:2104.09864) in the form of the Hugging Face models: each dimension of the first half turns with its partner in the second.</summary>
public static class Rotary
{
    /// <summary>Turns each pair of dimensions by the token's angle.</summary>
    /// <param name="x"><c>[tokens, heads, dim]</c>, dim even.</param>
    /// <param name="cos">Cosines of the angles, <c>[tokens, dim / 2]</c>, constant.</param>
    /// <param name="sin">Sines of the angles, <c>[tokens, dim / 2]</c>, constant.</param>
    public static Tensor Apply(Tensor x, Tensor cos, Tensor sin) =>
#if TORCH_PACKAGE
        Reference(x, cos, sin);
#else
        Ops.rotary(x, cos, sin);
#endif

    /// <summary>The same in TorchSharp calls.</summary>
    internal static Tensor Reference(Tensor x, Tensor cos, Tensor sin)
    {
        using var scope = NewDisposeScope();
        var half = x.size(2) / 2;
        var (a, b) = (x.narrow(2, 0, half), x.narrow(2, half, half));
        var (c, s) = (cos.unsqueeze(1).to_type(x.dtype), sin.unsqueeze(1).to_type(x.dtype));
        return cat([a * c - b * s, b * c + a * s], 2).MoveToOuterDisposeScope();
    }
}
