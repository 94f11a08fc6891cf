namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Fills the tensor from a normal distribution.</summary>
        public Tensor normal_(double mean = 0, double std = 1, Generator? generator = null)
        {
            Ops.normal_(this, mean, std, generator);
            return this;
        }

        /// <summary>Fills the tensor from a uniform distribution.</summary>
        public Tensor uniform_(double from, double to, Generator? generator = null)
        {
            Ops.uniform_(this, from, to, generator);
            return this;
        }

        /// <summary>Fills the tensor with 1, with probability p, or 0.</summary>
        public Tensor bernoulli_(double p = 0.5, Generator? generator = null)
        {
            Ops.bernoulli__float(this, p, generator);
            return this;
        }

        /// <summary>Fills the tensor with 1, with the probability given for each element, or 0.</summary>
        public Tensor bernoulli_(Tensor p, Generator? generator = null)
        {
            Ops.bernoulli__Tensor(this, p, generator);
            return this;
        }

        /// <summary>Indices drawn with the weights in the last dimension, [..., num_samples].</summary>
        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) =>
            Ops.multinomial(this, num_samples, replacement, generator);
    }
}
