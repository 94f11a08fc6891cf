using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>
            /// A table of vectors, <c>[num_embeddings, embedding_dims]</c>, drawn from the standard normal distribution; the row
            /// of <paramref name="padding_idx"/> is zero and gets no gradient. <paramref name="max_norm"/> is not supported.
            /// </summary>
            public static Embedding Embedding(long num_embeddings, long embedding_dims, long? padding_idx = null, double? max_norm = null, double norm_type = 2, bool scale_grad_by_freq = false, bool sparse = false, Device? device = null, ScalarType? dtype = null)
            {
                if (max_norm is not null) throw new NotSupportedException("nn.Embedding: max_norm is not supported here");
                var weight = Parameter(empty([num_embeddings, embedding_dims], dtype, device));
                init.normal_(weight);
                if (padding_idx is { } index)
                {
                    using var noGrad = no_grad();
                    using var scope = NewDisposeScope();
                    weight.select(0, index).zero_();
                }
                return new Embedding(weight, padding_idx, scale_grad_by_freq, sparse);
            }
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>A table of vectors, looked up by index.</summary>
    public sealed class Embedding : torch.nn.Module<torch.Tensor, torch.Tensor>
    {
        private readonly long _padding;
        private readonly bool _scaleByFrequency;
        private readonly bool _sparse;
        private Parameter _weight;

        internal Embedding(Parameter weight, long? padding, bool scaleByFrequency, bool sparse) : base(nameof(Embedding))
        {
            _weight = weight;
            _padding = padding is { } index ? (index < 0 ? weight.size(0) + index : index) : -1;
            _scaleByFrequency = scaleByFrequency;
            _sparse = sparse;
            register_parameter("weight", weight);
        }

        /// <summary>The table, <c>[num_embeddings, embedding_dims]</c>.</summary>
        public Parameter weight
        {
            get => _weight;
            set => ConditionallyRegisterParameter("weight", _weight = value ?? throw new ArgumentNullException(nameof(value)));
        }

        /// <summary>Indices <c>[...]</c> to vectors <c>[..., embedding_dims]</c>.</summary>
        public override torch.Tensor forward(torch.Tensor input) =>
            Ops.embedding(_weight, input, _padding, _scaleByFrequency, _sparse);

        /// <summary>The table is registered by name in the constructor, not found among the fields.</summary>
        protected override void RegisterComponents()
        {
        }
    }
}
