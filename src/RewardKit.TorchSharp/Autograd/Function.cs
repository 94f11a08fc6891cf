namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>
        /// A function with a backward pass of its own. Derive from <see cref="SingleTensorFunction{T}"/> or
        /// <see cref="MultiTensorFunction{T}"/> and call the static <c>apply</c>. One object serves all calls; what a call needs
        /// to remember belongs in its <see cref="AutogradContext"/>.
        /// </summary>
        public abstract class Function<T> : ICustomFunction where T : Function<T>, new()
        {
            private static readonly T s_instance = new();

            /// <summary>What messages call it.</summary>
            public abstract string Name { get; }

            /// <summary>
            /// Runs the forward pass without recording it, and records this function in its place. Arguments that are tensors are
            /// its inputs; tensors within lists are not seen.
            /// </summary>
            public static List<Tensor> apply_internal(params object[] vars) => FunctionCall.Apply(s_instance, vars);

            List<Tensor> ICustomFunction.Forward(AutogradContext context, object[] vars) => Forward(context, vars);

            List<Tensor> ICustomFunction.Backward(AutogradContext context, List<Tensor> gradients) => Backward(context, gradients);

            internal abstract List<Tensor> Forward(AutogradContext context, object[] vars);

            internal abstract List<Tensor> Backward(AutogradContext context, List<Tensor> gradients);
        }

        /// <summary>A function of one output with a backward pass of its own.</summary>
        public abstract class SingleTensorFunction<T> : Function<T> where T : SingleTensorFunction<T>, new()
        {
            /// <summary>Computes the function and records it.</summary>
            public static Tensor apply(params object[] vars) => apply_internal(vars)[0];

            /// <summary>What the function computes; runs without recording.</summary>
            public abstract Tensor forward(AutogradContext ctx, params object[] vars);

            /// <summary>
            /// The gradients by each argument of forward, null for those that need none or are no tensors. Recorded only where
            /// the backward pass creates a graph. Tensors made meanwhile are freed afterwards.
            /// </summary>
            public abstract List<Tensor> backward(AutogradContext ctx, Tensor grad_output);

            internal sealed override List<Tensor> Forward(AutogradContext context, object[] vars) => [forward(context, vars)];

            internal sealed override List<Tensor> Backward(AutogradContext context, List<Tensor> gradients) => backward(context, gradients[0]);
        }

        /// <summary>A function of several outputs with a backward pass of its own.</summary>
        public abstract class MultiTensorFunction<T> : Function<T> where T : MultiTensorFunction<T>, new()
        {
            /// <summary>Computes the function and records it.</summary>
            public static List<Tensor> apply(params object[] vars) => apply_internal(vars);

            /// <summary>What the function computes; runs without recording.</summary>
            public abstract List<Tensor> forward(AutogradContext ctx, params object[] vars);

            /// <summary>
            /// The gradients by each argument of forward, null for those that need none or are no tensors, from the gradients by
            /// each output. Recorded only where the backward pass creates a graph. Tensors made meanwhile are freed afterwards.
            /// </summary>
            public abstract List<Tensor> backward(AutogradContext ctx, List<Tensor> grad_outputs);

            internal sealed override List<Tensor> Forward(AutogradContext context, object[] vars) => forward(context, vars);

            internal sealed override List<Tensor> Backward(AutogradContext context, List<Tensor> gradients) => backward(context, gradients);
        }

        internal interface ICustomFunction
        {
            string Name { get; }

            List<Tensor> Forward(AutogradContext context, object[] vars);

            List<Tensor> Backward(AutogradContext context, List<Tensor> gradients);
        }
    }
}
