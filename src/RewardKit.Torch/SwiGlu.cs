using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>The gated linear unit of Llama's feed-forward layers (Shazeer, arXiv:2002.05202).</summary>
public static class SwiGlu
{
    /// <summary>gate · σ(gate) · up, for tensors of one shape.</summary>
    public static Tensor Apply(Tensor gate, Tensor up) =>
#if TORCH_PACKAGE
        Reference(gate, up);
#else
        Ops.swiglu(gate, up);
#endif

    /// <summary>The same in TorchSharp calls.</summary>
    internal static Tensor Reference(Tensor gate, Tensor up)
    {
        using var scope = NewDisposeScope();
        return gate.silu().mul(up).MoveToOuterDisposeScope();
    }
}
