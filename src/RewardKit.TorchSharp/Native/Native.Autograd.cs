using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>Custom autograd functions and anomaly mode.</summary>
internal static unsafe partial class Native
{
    /// <summary>What the shim calls; forward and backward return 0 or a handle to the exception they ended with.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FunctionCallbacks
    {
        public delegate* unmanaged[Cdecl]<nint, nint, nint, nint> Forward;
        public delegate* unmanaged[Cdecl]<nint, nint, nint*, int, nint, nint> Backward;
        public delegate* unmanaged[Cdecl]<nint, void> Release;
    }

    [LibraryImport(Library)] public static partial void rk_function_callbacks(FunctionCallbacks callbacks);
    [LibraryImport(Library)] public static partial int rk_function_apply(nint state, nint* inputs, int count, nint** results, int* resultCount);
    [LibraryImport(Library)] public static partial int rk_function_return(nint list, nint* handles, int count);
    [LibraryImport(Library)] public static partial int rk_context_save(nint context, nint* handles, int count);
    [LibraryImport(Library)] public static partial int rk_context_mark_dirty(nint context, nint* handles, int count);
    [LibraryImport(Library)] public static partial int rk_context_mark_non_differentiable(nint context, nint* handles, int count);
    [LibraryImport(Library)] public static partial void rk_context_materialize(nint context, int value);
    [LibraryImport(Library)] public static partial int rk_context_saved(nint context, nint** results, int* resultCount);
    [LibraryImport(Library)] public static partial int rk_anomaly_mode();
    [LibraryImport(Library)] public static partial int rk_anomaly_checks_nan();
    [LibraryImport(Library)] public static partial void rk_set_anomaly_mode(int enabled, int checkNan);

    [LibraryImport(Library)] private static partial nint rk_last_exception();
    [LibraryImport(Library)] private static partial void rk_forget_exception();

    /// <summary>Throws the exception of managed code that the last error stands for, if it stands for one.</summary>
    public static void RethrowManaged()
    {
        var handle = rk_last_exception();
        if (handle == 0) return;
        var exception = (Exception)GCHandle.FromIntPtr(handle).Target!;
        rk_forget_exception();
        ExceptionDispatchInfo.Throw(exception);
    }
}
