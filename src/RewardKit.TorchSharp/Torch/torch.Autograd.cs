namespace TorchSharp;

public static partial class torch
{
    /// <summary>Turns recording off until the result is disposed.</summary>
    public static IDisposable no_grad() => new GradMode(false);

    /// <summary>Turns recording on (or off) until the result is disposed.</summary>
    public static IDisposable enable_grad(bool enabled = true) => new GradMode(enabled);

    /// <summary>Turns recording on or off until the result is disposed.</summary>
    public static IDisposable set_grad_enabled(bool mode = true) => new GradMode(mode);

    /// <summary>Whether operations are recorded on this thread.</summary>
    public static bool is_grad_enabled() => Native.rk_grad_mode() != 0;

    /// <summary>
    /// Turns recording and version counting off until the result is disposed, on the same thread. The tensors made
    /// meanwhile can take no part in recorded operations later.
    /// </summary>
    public static IDisposable inference_mode(bool mode = true) => new InferenceMode(mode);

    /// <summary>Whether inference mode is on for this thread.</summary>
    internal static bool is_inference_mode_enabled() => Native.rk_is_inference_mode() != 0;

    private sealed class GradMode : IDisposable
    {
        private readonly int _before = Native.rk_grad_mode();

        public GradMode(bool enabled) => Native.rk_set_grad_mode(enabled ? 1 : 0);

        public void Dispose() => Native.rk_set_grad_mode(_before);
    }

    private sealed class InferenceMode(bool enabled) : IDisposable
    {
        private nint _guard = Native.rk_inference_mode(enabled ? 1 : 0);

        public void Dispose()
        {
            if (_guard != 0) Native.rk_inference_mode_free(_guard);
            _guard = 0;
        }
    }

    /// <summary>Gradients.</summary>
    public static unsafe partial class autograd
    {
        /// <summary>Adds the gradients of a tensor, weighted by <paramref name="grad_tensor"/>, to its leaves.</summary>
        public static void backward(Tensor tensor, Tensor grad_tensor, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            Backward([tensor], [grad_tensor], retain_graph, create_graph, inputs ?? []);

        /// <summary>Adds the gradients of a tensor to its leaves.</summary>
        public static void backward(Tensor tensor, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            Backward([tensor], grad_tensors ?? [], retain_graph, create_graph, inputs ?? []);

        /// <summary>Adds the gradients of several tensors to their leaves, or to <paramref name="inputs"/> only.</summary>
        public static void backward(IList<Tensor> tensors, IList<Tensor>? grad_tensors = null, bool? retain_graph = null, bool create_graph = false, IList<Tensor>? inputs = null) =>
            Backward(tensors, grad_tensors ?? [], retain_graph, create_graph, inputs ?? []);

        /// <summary>
        /// The gradients of the outputs by each input, of the inputs' shapes; null for an input that was not used, where
        /// <paramref name="allow_unused"/> permits one.
        /// </summary>
        public static IList<Tensor> grad(IList<Tensor> outputs, IList<Tensor> inputs, IList<Tensor>? grad_outputs = null, bool retain_graph = false, bool create_graph = false, bool allow_unused = false)
        {
            const string name = "autograd.grad";
            var (from, to, weights) = (Handles(name, nameof(outputs), outputs), Handles(name, nameof(inputs), inputs), Handles(name, nameof(grad_outputs), grad_outputs, optional: true));
            var results = new nint[to.Length];
            fixed (nint* fromPin = from, toPin = to, weightsPin = weights, resultsPin = results)
            {
                var status = Native.rk_grad(fromPin, from.Length, toPin, to.Length, weightsPin, weights.Length, retain_graph ? 1 : 0,
                    create_graph ? 1 : 0, allow_unused ? 1 : 0, resultsPin);
                if (status != 0) throw Failed(name, $"{nameof(outputs)},{nameof(inputs)},{nameof(grad_outputs)}", from, to, weights);
            }
            GC.KeepAlive(outputs);
            GC.KeepAlive(inputs);
            GC.KeepAlive(grad_outputs);
            return Tensor.TakeAll(results)!;
        }

        internal static void Backward(IList<Tensor> tensors, IList<Tensor> gradients, bool? retainGraph, bool createGraph, IList<Tensor> inputs)
        {
            const string name = "backward";
            var (from, weights, to) = (Handles(name, nameof(tensors), tensors), Handles(name, "grad_tensors", gradients, optional: true), Handles(name, nameof(inputs), inputs));
            fixed (nint* fromPin = from, weightsPin = weights, toPin = to)
            {
                var status = Native.rk_backward(fromPin, from.Length, weightsPin, weights.Length,
                    retainGraph is null ? -1 : retainGraph.Value ? 1 : 0, createGraph ? 1 : 0, toPin, to.Length);
                if (status != 0) throw Failed(name, $"{nameof(tensors)},grad_tensors,{nameof(inputs)}", from, weights, to);
            }
            GC.KeepAlive(tensors);
            GC.KeepAlive(gradients);
            GC.KeepAlive(inputs);
        }

        private static nint[] Handles(string op, string name, IList<Tensor>? tensors, bool optional = false)
        {
            if (tensors is null) return [];
            var handles = new nint[tensors.Count];
            Arg.Handles([.. tensors], handles, name, op, optional);
            return handles;
        }

        /// <summary>The last error, with a description of three lists of tensors.</summary>
        private static Exception Failed(string name, string parameters, nint[] first, nint[] second, nint[] third)
        {
            Native.RethrowManaged();
            fixed (nint* firstPin = first, secondPin = second, thirdPin = third)
            {
                var args = stackalloc Arg[3];
                args[0] = Arg.List(ArgTag.TensorList, firstPin, first.Length);
                args[1] = Arg.List(ArgTag.TensorList, secondPin, second.Length);
                args[2] = Arg.List(ArgTag.TensorList, thirdPin, third.Length);
                return OperatorError.Create(name, parameters, args, 3);
            }
        }
    }
}
