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
            var (from, to, weights) = (Handles(outputs), Handles(inputs), Handles(grad_outputs ?? []));
            var results = new nint[to.Length];
            fixed (nint* fromPin = from, toPin = to, weightsPin = weights, resultsPin = results)
            {
                Native.Check(
                    Native.rk_grad(fromPin, from.Length, toPin, to.Length, weightsPin, weights.Length, retain_graph ? 1 : 0,
                        create_graph ? 1 : 0, allow_unused ? 1 : 0, resultsPin),
                    "autograd.grad");
            }
            GC.KeepAlive(outputs);
            GC.KeepAlive(inputs);
            GC.KeepAlive(grad_outputs);
            return Tensor.TakeAll(results)!;
        }

        internal static void Backward(IList<Tensor> tensors, IList<Tensor> gradients, bool? retainGraph, bool createGraph, IList<Tensor> inputs)
        {
            var (from, weights, to) = (Handles(tensors), Handles(gradients), Handles(inputs));
            fixed (nint* fromPin = from, weightsPin = weights, toPin = to)
            {
                Native.Check(
                    Native.rk_backward(fromPin, from.Length, weightsPin, weights.Length, retainGraph is null ? -1 : retainGraph.Value ? 1 : 0,
                        createGraph ? 1 : 0, toPin, to.Length),
                    "backward");
            }
            GC.KeepAlive(tensors);
            GC.KeepAlive(gradients);
            GC.KeepAlive(inputs);
        }

        private static nint[] Handles(IList<Tensor> tensors)
        {
            var handles = new nint[tensors.Count];
            for (var k = 0; k < handles.Length; k++) handles[k] = tensors[k]?.Handle ?? 0;
            return handles;
        }
    }
}
