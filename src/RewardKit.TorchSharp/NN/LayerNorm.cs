using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>Normalises the last dimensions to mean 0 and variance 1, then scales and shifts by learned values.</summary>
            public static LayerNorm LayerNorm(long[] normalized_shape, double eps = 1E-05, bool elementwise_affine = true, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                new(normalized_shape, eps,
                    elementwise_affine ? Parameter(ones(normalized_shape, dtype, device)) : null,
                    elementwise_affine && bias ? Parameter(zeros(normalized_shape, dtype, device)) : null);

            /// <summary>Normalises the last dimension to mean 0 and variance 1, then scales and shifts by learned values.</summary>
            public static LayerNorm LayerNorm(long normalized_shape, double eps = 1E-05, bool elementwise_affine = true, bool bias = true, Device? device = null, ScalarType? dtype = null) =>
                LayerNorm([normalized_shape], eps, elementwise_affine, bias, device, dtype);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>Normalises the last dimensions (Ba et al., arXiv:1607.06450).</summary>
    public sealed class LayerNorm : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        private readonly long[] _shape;
        private readonly double _eps;
        private Parameter? _weight;
        private Parameter? _bias;

        internal LayerNorm(long[] shape, double eps, Parameter? weight, Parameter? bias) : base(nameof(LayerNorm))
        {
            _shape = shape;
            _eps = eps;
            _weight = weight;
            _bias = bias;
            if (weight is not null) register_parameter("weight", weight);
            if (bias is not null) register_parameter("bias", bias);
        }

        /// <summary>The factors, of the normalised shape.</summary>
        public Parameter? weight
        {
            get => _weight;
            set => ConditionallyRegisterParameter("weight", _weight = value);
        }

        /// <summary>The shifts, of the normalised shape.</summary>
        public Parameter? bias
        {
            get => _bias;
            set => ConditionallyRegisterParameter("bias", _bias = value);
        }

        /// <summary>Same shape as the input, which ends in the normalised shape.</summary>
        public override torch.Tensor forward(torch.Tensor tensor) =>
            torch.nn.functional.layer_norm(tensor, _shape, _weight, _bias, _eps);

        /// <summary>The components are registered by name in the constructor, not found among the fields.</summary>
        protected override void RegisterComponents()
        {
        }
    }
}
