using System.Runtime.InteropServices;

namespace TorchSharp;

/// <summary>Tensors in files as <c>torch::save</c> writes them.</summary>
internal static unsafe partial class Native
{
    [LibraryImport(Library)] private static partial int rk_tensor_save(nint handle, byte* path);
    [LibraryImport(Library)] private static partial nint rk_tensor_load(byte* path);

    public static void Save(torch.Tensor tensor, string path)
    {
        fixed (byte* bytes = Terminated(path)) Check(rk_tensor_save(tensor.Handle, bytes), $"saving a tensor to '{path}'");
        GC.KeepAlive(tensor);
    }

    public static torch.Tensor Load(string path)
    {
        fixed (byte* bytes = Terminated(path)) return torch.Tensor.WrapOrThrow(rk_tensor_load(bytes), $"loading a tensor from '{path}'");
    }
}
