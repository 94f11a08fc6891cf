using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

[assembly: DisableRuntimeMarshalling]

namespace TorchSharp;

/// <summary>
/// The shim's functions. A tensor handle holds one reference. <c>SuppressGCTransition</c> stands only on functions that
/// read a field or two and can neither block, allocate, nor run a destructor.
/// </summary>
internal static unsafe partial class Native
{
    public const string Library = "RewardKitTorch";

    [LibraryImport(Library)] private static partial nint rk_operator(byte* name, byte* overload);
    [LibraryImport(Library)] public static partial int rk_call(nint op, Arg* args, int count, Arg* results, int wanted);
    [LibraryImport(Library)] private static partial byte* rk_last_error();
    [LibraryImport(Library)] private static partial byte* rk_torch_version();
    [LibraryImport(Library)] public static partial nint rk_arithmetic(int kind, nint left, nint right);
    [LibraryImport(Library)] public static partial void rk_memory_free(nint memory);

    [LibraryImport(Library)]
    public static partial nint rk_tensor_from_memory(void* data, long bytes, long* sizes, long dims, int dtype);
    [LibraryImport(Library)] public static partial void rk_tensor_free(nint handle);
    [LibraryImport(Library)] public static partial nint rk_tensor_share(nint handle);
    [LibraryImport(Library), SuppressGCTransition] public static partial long rk_tensor_dim(nint handle);
    [LibraryImport(Library), SuppressGCTransition] public static partial long rk_tensor_numel(nint handle);
    [LibraryImport(Library), SuppressGCTransition] public static partial int rk_tensor_dtype(nint handle);
    [LibraryImport(Library), SuppressGCTransition] public static partial long rk_tensor_itemsize(nint handle);
    [LibraryImport(Library), SuppressGCTransition] public static partial void rk_tensor_sizes(nint handle, long* sizes);
    [LibraryImport(Library), SuppressGCTransition] public static partial void rk_tensor_strides(nint handle, long* strides);
    [LibraryImport(Library), SuppressGCTransition] public static partial int rk_tensor_device(nint handle, int* index);
    [LibraryImport(Library), SuppressGCTransition] public static partial int rk_tensor_is_contiguous(nint handle);
    [LibraryImport(Library)] public static partial int rk_tensor_requires_grad(nint handle);
    [LibraryImport(Library)] public static partial int rk_tensor_is_leaf(nint handle);
    [LibraryImport(Library)] public static partial void* rk_tensor_data(nint handle);
    [LibraryImport(Library), SuppressGCTransition] public static partial void* rk_tensor_data_now(nint handle);
    [LibraryImport(Library)] public static partial int rk_tensor_is_pinned(nint handle);
    [LibraryImport(Library)] public static partial nint rk_tensor_pin(nint handle);
    [LibraryImport(Library)] public static partial int rk_tensor_item(nint handle, long* integer, double* number);
    [LibraryImport(Library)] public static partial int rk_tensor_set_requires_grad(nint handle, int value);
    [LibraryImport(Library)] public static partial int rk_tensor_retain_grad(nint handle);
    [LibraryImport(Library)] public static partial nint rk_tensor_grad(nint handle);
    [LibraryImport(Library)] public static partial int rk_tensor_set_grad(nint handle, nint grad);
    [LibraryImport(Library)] public static partial int rk_tensor_set_data(nint handle, nint source);

    [LibraryImport(Library)]
    public static partial int rk_backward(nint* outputs, int outputCount, nint* gradients, int gradientCount,
        int retainGraph, int createGraph, nint* inputs, int inputCount);
    [LibraryImport(Library)]
    public static partial int rk_grad(nint* outputs, int outputCount, nint* inputs, int inputCount, nint* gradients,
        int gradientCount, int retainGraph, int createGraph, int allowUnused, nint* results);

    [LibraryImport(Library), SuppressGCTransition] public static partial int rk_grad_mode();
    [LibraryImport(Library), SuppressGCTransition] public static partial void rk_set_grad_mode(int enabled);
    [LibraryImport(Library)] public static partial nint rk_inference_mode(int enabled);
    [LibraryImport(Library)] public static partial void rk_inference_mode_free(nint guard);
    [LibraryImport(Library)] public static partial int rk_is_inference_mode();
    [LibraryImport(Library)] public static partial int rk_default_dtype();
    [LibraryImport(Library)] public static partial int rk_set_default_dtype(int dtype);
    [LibraryImport(Library)] public static partial int rk_threads();
    [LibraryImport(Library)] public static partial void rk_set_threads(int count);

    [LibraryImport(Library)] public static partial nint rk_generator_default(int deviceType, int deviceIndex);
    [LibraryImport(Library)] public static partial nint rk_generator_new(int deviceType, int deviceIndex, ulong seed);
    [LibraryImport(Library)] public static partial void rk_generator_free(nint generator);
    [LibraryImport(Library)] public static partial int rk_generator_set_seed(nint generator, ulong seed);
    [LibraryImport(Library)] public static partial int rk_generator_seed(nint generator, ulong* seed);
    [LibraryImport(Library)] public static partial int rk_generator_reseed(nint generator, ulong* seed);
    [LibraryImport(Library)] public static partial nint rk_generator_state(nint generator);
    [LibraryImport(Library)] public static partial int rk_generator_set_state(nint generator, nint state);
    [LibraryImport(Library)] public static partial int rk_manual_seed(ulong seed);

    [LibraryImport(Library)] public static partial int rk_cuda_device_count();
    [LibraryImport(Library)] public static partial int rk_cudnn_is_available();
    [LibraryImport(Library)] public static partial int rk_cuda_synchronize(long device);
    [LibraryImport(Library)] public static partial int rk_cuda_manual_seed(ulong seed, int all);

    /// <summary>The version of libtorch that the shim was built for, such as <c>1.13.0</c>.</summary>
    public static string TorchVersion => Marshal.PtrToStringUTF8((nint)rk_torch_version())!;

    public static string LastError => Marshal.PtrToStringUTF8((nint)rk_last_error()) ?? "";

    /// <summary>Looks up an operator; the handle stays valid for the life of the process.</summary>
    public static nint Find(string name, string overload)
    {
        fixed (byte* nameBytes = Terminated(name))
        fixed (byte* overloadBytes = Terminated(overload))
        {
            var op = rk_operator(nameBytes, overloadBytes);
            return op != 0 ? op : throw new NotSupportedException(LastError);
        }
    }

    public static void Call(nint op, string name, string parameters, Arg* args, int count, Arg* results, int wanted)
    {
        if (rk_call(op, args, count, results, wanted) == 0) return;
        RethrowManaged();
        throw OperatorError.Create(name, parameters, args, count);
    }

    /// <summary>Throws the shim's last error, with what was being done.</summary>
    public static void Check(int status, string doing)
    {
        if (status != 0) throw Error(doing);
    }

    /// <summary>The shim's last error as an exception; throws the exception itself where managed code below libtorch ended with one.</summary>
    public static ExternalException Error(string doing)
    {
        RethrowManaged();
        return new($"{doing}: {LastError}");
    }

    /// <summary>Keeps the tensors' finalizers off until here.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void KeepAlive(ReadOnlySpan<torch.Tensor?> tensors)
    {
    }

    private static byte[] Terminated(string text)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
