using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>What RewardKit.Torch needs besides.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library), SuppressGCTransition] public static partial int rk_autocast_enabled(int deviceType);
    [LibraryImport(Library), SuppressGCTransition] public static partial int rk_autocast_dtype(int deviceType);
    [LibraryImport(Library)] public static partial void rk_autocast_enter(int deviceType, int on, int dtype);
    [LibraryImport(Library)] public static partial void rk_autocast_leave(int deviceType, int on, int dtype);
    [LibraryImport(Library), SuppressGCTransition] public static partial int rk_autocast_cache_enabled();
    [LibraryImport(Library), SuppressGCTransition] public static partial void rk_autocast_set_cache_enabled(int on);

    [LibraryImport(Library)] public static partial int rk_cuda_memory_stats(int device, long* bytes);
    [LibraryImport(Library)] public static partial int rk_cuda_memory_reset_peak(int device);
    [LibraryImport(Library)] public static partial int rk_cuda_memory_release();
    [LibraryImport(Library)] public static partial int rk_cuda_memory_info(int device, long* free, long* total);

    [LibraryImport(Library)] public static partial int rk_cuda_graph_supported();
    [LibraryImport(Library)] public static partial int rk_cuda_side_stream_enter(nint* stream);
    [LibraryImport(Library)] public static partial int rk_cuda_side_stream_leave(nint stream);
    [LibraryImport(Library)] public static partial int rk_cuda_graph_begin(nint* graph);
    [LibraryImport(Library)] public static partial int rk_cuda_graph_end(nint graph);
    [LibraryImport(Library)] public static partial int rk_cuda_graph_replay(nint graph);
    [LibraryImport(Library)] public static partial void rk_cuda_graph_free(nint graph);

    [LibraryImport(Library), SuppressGCTransition] public static partial ulong rk_graph_mark();
    [LibraryImport(Library)] private static partial int rk_graph_leaves(nint* outputs, int count, ulong mark, nint** leaves, int* leafCount);

    [LibraryImport(Library)] private static partial nint rk_operator_names();
    [LibraryImport(Library)] private static partial nint rk_operator_schema(nint op);
    [LibraryImport(Library)] public static partial int rk_operator_has_kernel(nint op, int deviceType);

    /// <summary>The full names of all operators.</summary>
    public static string[] OperatorNames() => TakeText(rk_operator_names(), "listing the operators").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The lines that describe an operator; the shim says what they hold.</summary>
    public static string[] OperatorSchema(nint op) => TakeText(rk_operator_schema(op), "reading an operator's schema").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The leaves that tensors depend on, all recorded since the mark was taken.</summary>
    /// <exception cref="ExternalException">They depend on operations recorded before.</exception>
    public static torch.Tensor[] GraphLeaves(IReadOnlyList<torch.Tensor> outputs, ulong mark, string doing)
    {
        var handles = outputs.Select(output => output.Handle).ToArray();
        nint* leaves;
        int count;
        fixed (nint* pin = handles) Check(rk_graph_leaves(pin, handles.Length, mark, &leaves, &count), doing);
        GC.KeepAlive(outputs);
        try
        {
            return torch.Tensor.TakeAll(new Span<nint>(leaves, count))!;
        }
        finally
        {
            rk_memory_free((nint)leaves);
        }
    }

    private static string TakeText(nint text, string doing)
    {
        if (text == 0) throw Error(doing);
        var result = Marshal.PtrToStringUTF8(text)!;
        rk_memory_free(text);
        return result;
    }
}
