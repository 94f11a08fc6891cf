using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>x Wᵀ + b, with W <c>[outputSize, inputSize]</c> and b <c>[outputSize]</c>, both uniform within ±1/√inputSize.</summary>
            public static Linear Linear(long inputSize, long outputSize, bool hasBias = true, Device? device = null, ScalarType? dtype = null)
            {
                var weight = Parameter(empty([outputSize, inputSize], dtype, device));
                var bias = hasBias ? Parameter(empty([outputSize], dtype, device)) : null;
                var bound = inputSize > 0 ? 1 / Math.Sqrt(inputSize) : 0;
                init.uniform_(weight, -bound, bound);
                if (bias is not null) init.uniform_(bias, -bound, bound);
                return new Linear(weight, bias);
            }

            /// <summary>x Wᵀ + b over parameters that exist already.</summary>
            public static Linear Linear(Parameter weight, Parameter? bias = null) => new(weight, bias);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>x Wᵀ + b.</summary>
    public sealed class Linear : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        private Parameter _weight;
        private Parameter? _bias;

        internal Linear(Parameter weight, Parameter? bias) : base(nameof(Linear))
        {
            _weight = weight;
            _bias = bias;
            register_parameter("weight", weight);
            if (bias is not null) register_parameter("bias", bias);
        }

        /// <summary>W, <c>[outputs, inputs]</c>.</summary>
        public Parameter weight
        {
            get => _weight;
            set => ConditionallyRegisterParameter("weight", _weight = value ?? throw new ArgumentNullException(nameof(value)));
        }

        /// <summary>b, <c>[outputs]</c>, or null.</summary>
        public Parameter? bias
        {
            get => _bias;
            set => ConditionallyRegisterParameter("bias", _bias = value);
        }

        /// <summary>The length of an input vector.</summary>
        public long in_features => _weight.size(1);

        /// <summary>The length of an output vector.</summary>
        public long out_features => _weight.size(0);

        /// <summary><c>[..., inputs]</c> to <c>[..., outputs]</c>.</summary>
        public override torch.Tensor forward(torch.Tensor tensor) => Ops.linear(tensor, _weight, _bias);

        /// <summary>The components are registered by name in the constructor, not found among the fields.</summary>
        protected override void RegisterComponents()
        {
        }
    }
}
