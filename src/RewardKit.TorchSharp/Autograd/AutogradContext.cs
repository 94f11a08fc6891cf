namespace TorchSharp;

public static partial class torch
{
    public static partial class autograd
    {
        /// <summary>
        /// What a custom function hands from its forward to its backward pass: tensors through
        /// <see cref="save_for_backward"/>, which notices when one is changed in between, anything else through
        /// <see cref="save_data"/>. It lives as long as the graph's node.
        /// </summary>
        public unsafe class AutogradContext : IDisposable
        {
            private readonly Dictionary<string, object> _data = [];
            private readonly Lock _lock = new();
            private nint _native;
            private int _inside;

            internal AutogradContext()
            {
            }

            /// <summary>
            /// Whether the backward pass gets zeros for an output that has no gradient, as it does unless told otherwise.
            /// Otherwise it gets a tensor whose <see cref="Tensor.IsInvalid"/> is true.
            /// </summary>
            public bool MaterializeGrads { get; private set; } = true;

            /// <summary>Keeps tensors for the backward pass: inputs, outputs, or others; null is kept as null. Call it once, in forward.</summary>
            public void save_for_backward(List<Tensor> tensors) =>
                WithHandles(tensors, nameof(save_for_backward), &Native.rk_context_save);

            /// <summary>
            /// The tensors kept for the backward pass, new objects each time, which belong to the backward pass's dispose scope.
            /// </summary>
            /// <exception cref="System.Runtime.InteropServices.ExternalException">
            /// One was changed in place since, or an earlier backward pass without <c>retain_graph</c> has freed them.
            /// </exception>
            public List<Tensor> get_saved_variables()
            {
                nint* handles;
                int count;
                Native.Check(Native.rk_context_saved(Context(nameof(get_saved_variables)), &handles, &count), "AutogradContext.get_saved_variables");
                try
                {
                    return new List<Tensor>(Tensor.TakeAll(new Span<nint>(handles, count))!);
                }
                finally
                {
                    Native.rk_memory_free((nint)handles);
                }
            }

            /// <summary>Says which inputs forward changed in place; it has to return them as outputs, too.</summary>
            public void mark_dirty(List<Tensor> tensors) =>
                WithHandles(tensors, nameof(mark_dirty), &Native.rk_context_mark_dirty);

            /// <summary>Says which outputs need no gradient.</summary>
            public void mark_non_differentiable(List<Tensor> tensors) =>
                WithHandles(tensors, nameof(mark_non_differentiable), &Native.rk_context_mark_non_differentiable);

            /// <summary>Sets <see cref="MaterializeGrads"/>. Call it in forward.</summary>
            public void set_materialize_grads(bool value)
            {
                Native.rk_context_materialize(Context(nameof(set_materialize_grads)), value ? 1 : 0);
                MaterializeGrads = value;
            }

            /// <summary>
            /// Keeps anything but a tensor under a name. An output kept here would keep the graph alive that keeps it alive.
            /// </summary>
            public void save_data(string key, object value)
            {
                lock (_lock) _data[key] = value;
            }

            /// <summary>What was kept under a name, or null.</summary>
            public object get_data(string key)
            {
                lock (_lock) return _data.GetValueOrDefault(key)!;
            }

            /// <summary>Does nothing; the context goes with the graph.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>Does nothing; the context goes with the graph.</summary>
            protected virtual void Dispose(bool disposing)
            {
            }

            /// <summary>The native context is there while forward or backward runs, which may be on several threads at once.</summary>
            internal void Enter(nint native)
            {
                lock (_lock)
                {
                    _native = native;
                    _inside++;
                }
            }

            internal void Exit()
            {
                lock (_lock)
                {
                    if (--_inside == 0) _native = 0;
                }
            }

            private nint Context(string method)
            {
                lock (_lock)
                {
                    return _native != 0 ? _native : throw new InvalidOperationException(
                        $"AutogradContext.{method} works only while the function's forward or backward runs");
                }
            }

            private void WithHandles(List<Tensor> tensors, string method, delegate*<nint, nint*, int, int> call)
            {
                var context = Context(method);
                var handles = Handles($"AutogradContext.{method}", nameof(tensors), tensors, optional: true);
                fixed (nint* pin = handles) Native.Check(call(context, pin, handles.Length), $"AutogradContext.{method}");
                GC.KeepAlive(tensors);
            }
        }
    }
}
