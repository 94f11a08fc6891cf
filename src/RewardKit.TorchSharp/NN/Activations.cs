using TorchSharp.Modules;
using static TorchSharp.torch;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>Sets values to zero with probability <paramref name="p"/> while training and scales the others by 1/(1-p).</summary>
            public static Dropout Dropout(double p = 0.5, bool inplace = false) => new(p, inplace);

            /// <summary>x Φ(x).</summary>
            public static GELU GELU() => new(Modules.GELU.Approximate.none, false);

            /// <summary>x Φ(x).</summary>
            public static GELU GELU(bool inplace) => new(Modules.GELU.Approximate.none, inplace);

            /// <summary>x Φ(x), or its approximation by a hyperbolic tangent.</summary>
            public static GELU GELU(GELU.Approximate approximate, bool inplace = false) => new(approximate, inplace);

            /// <summary>The input.</summary>
            public static Identity Identity() => new();

            /// <summary>max(0, x).</summary>
            public static ReLU ReLU(bool inplace = false) => new(inplace);

            /// <summary>x σ(x).</summary>
            public static SiLU SiLU() => new(false);

            /// <summary>x σ(x).</summary>
            public static SiLU SiLU(bool inplace) => new(inplace);

            /// <summary>1 / (1 + e⁻ˣ).</summary>
            public static Sigmoid Sigmoid() => new(false);

            /// <summary>1 / (1 + e⁻ˣ).</summary>
            public static Sigmoid Sigmoid(bool inplace) => new(inplace);

            /// <summary>The hyperbolic tangent.</summary>
            public static Tanh Tanh() => new(false);

            /// <summary>The hyperbolic tangent.</summary>
            public static Tanh Tanh(bool inplace = false) => new(inplace);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Sets values to zero at random while training.</summary>
    public sealed class Dropout : nn.Module<Tensor, Tensor>
    {
        private readonly double _p;
        private readonly bool _inplace;

        internal Dropout(double p, bool inplace) : base(nameof(Dropout)) => (_p, _inplace) = (p, inplace);

        /// <summary>Same shape as the input.</summary>
        public override Tensor forward(Tensor input) => nn.functional.dropout(input, _p, training, _inplace);
    }

    /// <summary>x Φ(x).</summary>
    public sealed class GELU : nn.Module<Tensor, Tensor>
    {
        private readonly Approximate _approximate;
        private readonly bool _inplace;

        internal GELU(Approximate approximate, bool inplace) : base(nameof(GELU)) => (_approximate, _inplace) = (approximate, inplace);

        /// <summary>How Φ is computed.</summary>
        public enum Approximate
        {
            /// <summary>Exactly, by the error function.</summary>
            none,
            /// <summary>By a hyperbolic tangent.</summary>
            tanh,
        }

        /// <summary>Same shape as the input.</summary>
        public override Tensor forward(Tensor tensor) => nn.functional.gelu(tensor, _approximate, _inplace);
    }

    /// <summary>The input.</summary>
    public sealed class Identity : nn.Module<Tensor, Tensor>
    {
        internal Identity() : base(nameof(Identity))
        {
        }

        /// <summary>The same values in a tensor of its own.</summary>
        public override Tensor forward(Tensor tensor) => tensor.alias();
    }

    /// <summary>max(0, x).</summary>
    public sealed class ReLU : nn.Module<Tensor, Tensor>
    {
        private readonly bool _inplace;

        internal ReLU(bool inplace) : base(nameof(ReLU)) => _inplace = inplace;

        /// <summary>Same shape as the input.</summary>
        public override Tensor forward(Tensor tensor) => nn.functional.relu(tensor, _inplace);
    }

    /// <summary>x σ(x).</summary>
    public sealed class SiLU : nn.Module<Tensor, Tensor>
    {
        private readonly bool _inplace;

        internal SiLU(bool inplace) : base(nameof(SiLU)) => _inplace = inplace;

        /// <summary>Same shape as the input.</summary>
        public override Tensor forward(Tensor tensor) => nn.functional.silu(tensor, _inplace);
    }

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    public sealed class Sigmoid : nn.Module<Tensor, Tensor>
    {
        private readonly bool _inplace;

        internal Sigmoid(bool inplace) : base(nameof(Sigmoid)) => _inplace = inplace;

        /// <summary>Same shape as the input.</summary>
        public override Tensor forward(Tensor tensor) => nn.functional.sigmoid(tensor, _inplace);
    }

    /// <summary>The hyperbolic tangent.</summary>
    public sealed class Tanh : nn.Module<Tensor, Tensor>
    {
        private readonly bool _inplace;

        internal Tanh(bool inplace) : base(nameof(Tanh)) => _inplace = inplace;

        /// <summary>Same shape as the input.</summary>
        public override Tensor forward(Tensor tensor) => nn.functional.tanh(tensor, _inplace);
    }
}
