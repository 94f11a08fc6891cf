using System.Runtime.InteropServices;

namespace TorchSharp;

internal static unsafe partial class Native
{
    [LibraryImport(Library), SuppressGCTransition] public static partial long rk_live_tensors();
}
