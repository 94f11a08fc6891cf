using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

public static partial class torch
{
    public static unsafe partial class autograd
    {
        /// <summary>
        /// One call of a custom function. The graph's node holds it through a GC handle, and frees that on whatever thread the
        /// node dies.
        /// </summary>
        private sealed class FunctionCall
        {
            private readonly ICustomFunction _function;
            private readonly AutogradContext _context = new();
            private readonly bool[] _isTensor;
            private object[]? _arguments;
            private List<Tensor>? _outputs;

            static FunctionCall() => Native.rk_function_callbacks(new Native.FunctionCallbacks
            {
                Forward = &OnForward,
                Backward = &OnBackward,
                Release = &OnRelease,
            });

            private FunctionCall(ICustomFunction function, object[] arguments)
            {
                _function = function;
                _arguments = arguments;
                _isTensor = Array.ConvertAll(arguments, argument => argument is Tensor);
            }

            public static List<Tensor> Apply(ICustomFunction function, object[] arguments)
            {
                ArgumentNullException.ThrowIfNull(arguments);
                var inputs = Handles($"{function.Name}.apply", nameof(arguments), arguments.OfType<Tensor>().ToList());
                var call = new FunctionCall(function, arguments);
                nint* results;
                int count;
                fixed (nint* pin = inputs)
                {
                    // The shim takes over the handle whatever happens.
                    var state = GCHandle.ToIntPtr(GCHandle.Alloc(call));
                    Native.Check(Native.rk_function_apply(state, pin, inputs.Length, &results, &count), function.Name);
                }
                GC.KeepAlive(arguments);
                try
                {
                    return call.Outputs(new Span<nint>(results, count));
                }
                finally
                {
                    Native.rk_memory_free((nint)results);
                    // What the graph holds from here on is what backward needs.
                    call._arguments = null;
                    call._outputs = null;
                }
            }

            /// <summary>
            /// The tensors that forward made become the recorded outputs themselves. Where forward returned an argument, the
            /// output is an object of its own.
            /// </summary>
            private List<Tensor> Outputs(Span<nint> handles)
            {
                var taken = new HashSet<object>(_arguments!.OfType<Tensor>(), ReferenceEqualityComparer.Instance);
                var results = new List<Tensor>(handles.Length);
                for (var k = 0; k < handles.Length; k++)
                {
                    var own = _outputs![k];
                    if (taken.Add(own) && !own.IsInvalid)
                    {
                        own.ReplaceHandle(handles[k]);
                        results.Add(own);
                    }
                    else
                    {
                        results.AddRange(Tensor.TakeAll(handles[k..(k + 1)])!);
                    }
                }
                return results;
            }

            private void Forward(nint context, nint outputs)
            {
                _context.Enter(context);
                try
                {
                    _outputs = _function.Forward(_context, _arguments!) ?? [];
                    var missing = _outputs.IndexOf(null!);
                    if (_outputs.Count == 0 || missing >= 0)
                        throw new InvalidOperationException($"{_function.Name}.forward returned no tensor{(missing > 0 ? $" at position {missing}" : "")}");
                    Return(outputs, _outputs);
                }
                finally
                {
                    _context.Exit();
                }
            }

            private void Backward(nint context, Span<nint> gradients, nint results)
            {
                _context.Enter(context);
                // The thread may be one of libtorch's, which nobody else gives a scope.
                using var scope = NewDisposeScope();
                try
                {
                    var given = Tensor.TakeAll(gradients).Select(gradient => gradient ?? Tensor.Undefined()).ToList();
                    var undefined = given.Where(gradient => gradient.IsInvalid).ToList();
                    var gradientsByArgument = _function.Backward(_context, given) ?? [];
                    Return(results, ByTensor(gradientsByArgument, undefined));
                }
                finally
                {
                    _context.Exit();
                }
            }

            /// <summary>
            /// The gradients by the arguments that are tensors. An undefined gradient may be passed on; a disposed tensor is an
            /// error, though it looks the same.
            /// </summary>
            private List<Tensor> ByTensor(List<Tensor> gradients, List<Tensor> undefined)
            {
                bool IsNone(Tensor? gradient) => gradient is null || undefined.Contains(gradient);

                for (var k = 0; k < Math.Max(gradients.Count, _isTensor.Length); k++)
                {
                    if (k >= gradients.Count || (k >= _isTensor.Length && !IsNone(gradients[k])))
                    {
                        throw new InvalidOperationException(
                            $"{_function.Name}.backward returned {gradients.Count} gradients, but forward had {_isTensor.Length} arguments; return one for each, null where there is none");
                    }
                    if (k < _isTensor.Length && !_isTensor[k] && !IsNone(gradients[k]))
                        throw new InvalidOperationException($"{_function.Name}.backward returned a gradient at position {k}, but that argument of forward was no tensor");
                }
                var result = Enumerable.Range(0, _isTensor.Length).Where(k => _isTensor[k])
                    .Select(k => IsNone(gradients[k]) ? null! : gradients[k]).ToList();
                if (AnomalyMode.IsEnabled && AnomalyMode.ShouldCheckNaN && result.Any(HasNaN))
                    throw new InvalidOperationException($"{_function.Name}.backward returned nan values at position {gradients.FindIndex(HasNaN)}");
                return result;
            }

            private static bool HasNaN(Tensor? gradient) =>
                gradient is not null && !gradient.IsInvalid && gradient.isnan().any().item<bool>();

            private static void Return(nint list, List<Tensor> tensors)
            {
                var handles = Handles("returning from a custom function", nameof(tensors), tensors, optional: true);
                fixed (nint* pin = handles) Native.Check(Native.rk_function_return(list, pin, handles.Length), "returning from a custom function");
                GC.KeepAlive(tensors);
            }

            [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
            private static nint OnForward(nint state, nint context, nint outputs)
            {
                try
                {
                    Of(state).Forward(context, outputs);
                    return 0;
                }
                catch (Exception exception)
                {
                    return GCHandle.ToIntPtr(GCHandle.Alloc(exception));
                }
            }

            [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
            private static nint OnBackward(nint state, nint context, nint* gradients, int count, nint results)
            {
                try
                {
                    Of(state).Backward(context, new Span<nint>(gradients, count), results);
                    return 0;
                }
                catch (Exception exception)
                {
                    return GCHandle.ToIntPtr(GCHandle.Alloc(exception));
                }
            }

            [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
            private static void OnRelease(nint handle) => GCHandle.FromIntPtr(handle).Free();

            private static FunctionCall Of(nint state) => (FunctionCall)GCHandle.FromIntPtr(state).Target!;
        }
    }
}
