using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>Helpers for training.</summary>
        public static partial class utils
        {
            /// <summary>Scales the gradients together so that their common norm is at most <paramref name="max_norm"/>.</summary>
            /// <returns>The norm before; not a number or infinite where a gradient is, and the gradients are then scaled by it.</returns>
            public static double clip_grad_norm_(IEnumerable<Parameter> tensors, double max_norm, double norm_type = 2)
            {
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                var gradients = Gradients(tensors);
                if (gradients.Length == 0) return 0;
                var norms = double.IsPositiveInfinity(norm_type)
                    ? gradients.Select(gradient => gradient.abs().max())
                    : gradients.Select(gradient => gradient.norm((float)norm_type));
                var all = stack(norms.Select(norm => norm.to(ScalarType.Float64, CPU)));
                var total = (double.IsPositiveInfinity(norm_type) ? all.max() : all.norm((float)norm_type)).item<double>();
                var factor = max_norm / (total + 1e-6);
                // Written so that a norm that is no number reaches the gradients, where it is noticed.
                if (!(factor >= 1)) Ops._foreach_mul__Scalar(gradients, factor);
                return total;
            }

            /// <summary>Clamps each gradient to ± <paramref name="clip_value"/>.</summary>
            public static void clip_grad_value_(IEnumerable<Parameter> tensors, double clip_value)
            {
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                foreach (var gradient in Gradients(tensors)) gradient.clamp_(-clip_value, clip_value);
            }

            /// <summary>The parameters, flattened, one after the other.</summary>
            public static Tensor parameters_to_vector(IEnumerable<Parameter> tensors)
            {
                using var scope = NewDisposeScope();
                return cat(tensors.Select(tensor => tensor.reshape(-1)).ToArray()).MoveToOuterDisposeScope();
            }

            /// <summary>Copies the values back that <see cref="parameters_to_vector"/> laid out.</summary>
            public static void vector_to_parameters(Tensor vec, IEnumerable<Parameter> tensors)
            {
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                long at = 0;
                foreach (var tensor in tensors)
                {
                    tensor.copy_(vec.narrow(0, at, tensor.numel()).view(tensor.shape));
                    at += tensor.numel();
                }
            }

            private static Tensor[] Gradients(IEnumerable<Parameter> tensors) =>
                tensors.Select(tensor => tensor.grad).OfType<Tensor>().ToArray();
        }
    }
}
