using TorchSharp.Modules;

namespace TorchSharp
{
    public static partial class torch
    {
        public static partial class nn
        {
            /// <summary>A trainable tensor of a module; takes over <paramref name="data"/>, which is as if disposed afterwards.</summary>
            public static Parameter Parameter(Tensor data, bool requires_grad = true) => new(data, requires_grad);
        }
    }
}

namespace TorchSharp.Modules
{
    /// <summary>A tensor that a module registers as trainable when it finds it among its fields.</summary>
    public class Parameter : torch.Tensor
    {
        /// <summary>Takes over <paramref name="data"/>, which is as if disposed afterwards; it must be a leaf.</summary>
        public Parameter(torch.Tensor data, bool requires_grad = true)
            : base(Take(data, requires_grad))
        {
        }

        private static nint Take(torch.Tensor data, bool requires_grad)
        {
            ArgumentNullException.ThrowIfNull(data);
            return data.requires_grad_(requires_grad).MoveHandle();
        }
    }
}
