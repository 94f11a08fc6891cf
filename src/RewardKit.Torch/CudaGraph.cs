using TorchSharp;
using static TorchSharp.torch;

namespace RewardKit.Torch;

/// <summary>
/// A CUDA graph: the work that a step asks of the GPU, recorded once and then started as a whole, without the cost of its many
/// small calls. For steps of fixed shapes, such as decoding one token.
/// </summary>
/// <remarks>
/// The step reads and writes tensors made before: put new inputs into them with <c>copy_</c>, and let the step copy its
/// results into others. It must not move anything to the processor, ask for a value or depend on one. What it makes besides
/// lives in memory of the graph's own; dispose that inside the step, with a dispose scope. Random numbers go on from one
/// replay to the next. The graph belongs to the device that was current when it was recorded.
/// </remarks>
public sealed class CudaGraph : IDisposable
{
#if !TORCH_PACKAGE
    private nint _graph;

    private CudaGraph(nint graph) => _graph = graph;

    /// <summary>Frees a graph that nobody disposed.</summary>
    ~CudaGraph() => Free();
#endif

    /// <summary>Whether this machine can record graphs: it has a CUDA device, and the native part was built with CUDA's headers.</summary>
    public static bool IsSupported =>
#if TORCH_PACKAGE
        false;
#else
        Native.rk_cuda_graph_supported() != 0 && cuda.is_available();
#endif

    /// <summary>Records a step. It runs <paramref name="warmups"/> times for real on a stream aside, then once more without being done.</summary>
    /// <param name="step">What to record.</param>
    /// <param name="warmups">Runs before, in which libraries get ready; at least 1.</param>
    /// <exception cref="NotSupportedException">Not supported here; the message says why.</exception>
    public static CudaGraph Capture(Action step, int warmups = 3)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(warmups);
#if TORCH_PACKAGE
        throw Provider.Lacks("A CUDA graph");
#else
        if (!cuda.is_available()) throw new NotSupportedException("A CUDA graph needs a CUDA device, and there is none");
        // A cast of a weight that autocast keeps for its scope would be gone when the graph is replayed.
        var casts = Native.rk_autocast_cache_enabled();
        Native.rk_autocast_set_cache_enabled(0);
        try
        {
            return Record(step, warmups);
        }
        finally
        {
            Native.rk_autocast_set_cache_enabled(casts);
        }
#endif
    }

    /// <summary>Runs the recorded step on the current stream; returns before it is done.</summary>
    public void Replay()
    {
#if !TORCH_PACKAGE
        ObjectDisposedException.ThrowIf(_graph == 0, this);
        Native.Check(Native.rk_cuda_graph_replay(_graph), "replaying a CUDA graph");
        GC.KeepAlive(this);
#endif
    }

    /// <summary>Frees the graph and its memory.</summary>
    public void Dispose()
    {
#if !TORCH_PACKAGE
        Free();
#endif
        GC.SuppressFinalize(this);
    }

#if !TORCH_PACKAGE
    private static unsafe CudaGraph Record(Action step, int warmups)
    {
        const string doing = "recording a CUDA graph";
        nint stream;
        if (Native.rk_cuda_side_stream_enter(&stream) != 0) throw new NotSupportedException($"{doing}: {Native.LastError}");
        try
        {
            for (var k = 0; k < warmups; k++) step();
            // A tensor freed by its finalizer in the middle could end the recording.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            nint handle;
            var begun = Native.rk_cuda_graph_begin(&handle);
            var graph = new CudaGraph(handle);
            try
            {
                Native.Check(begun, doing);
                try
                {
                    step();
                }
                catch
                {
                    // The stream must not stay in recording; the error that counts is the step's.
                    _ = Native.rk_cuda_graph_end(handle);
                    throw;
                }
                Native.Check(Native.rk_cuda_graph_end(handle), doing);
                return graph;
            }
            catch
            {
                graph.Dispose();
                throw;
            }
        }
        finally
        {
            _ = Native.rk_cuda_side_stream_leave(stream);
        }
    }

    private void Free()
    {
        var graph = Interlocked.Exchange(ref _graph, 0);
        if (graph != 0) Native.rk_cuda_graph_free(graph);
    }
#endif
}
