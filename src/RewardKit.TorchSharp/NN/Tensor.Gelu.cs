using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>x Φ(x), or its approximation by a hyperbolic tangent.</summary>
        public Tensor gelu(GELU.Approximate approximate) =>
            Ops.gelu(this, approximate == GELU.Approximate.tanh ? "tanh" : "none");
    }
}
