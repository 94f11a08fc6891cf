using System.Runtime.InteropServices;

namespace RewardKit.Models.Safetensors;

/// <summary>
/// Asks the system to back fresh memory with large pages: handing out a gigabyte in pieces of 4 KB takes longer than reading
/// a file into it.
/// </summary>
internal static partial class HugePages
{
    private const int Advice = 14; // MADV_HUGEPAGE
    private const long Page = 4096;
    private const long Least = 4L << 20;

    /// <summary>Asks for a stretch of memory that was not touched yet. A system without them goes on as it would.</summary>
    public static unsafe void Ask(Span<byte> memory)
    {
        if (!OperatingSystem.IsLinux() || memory.Length < Least) return;
        fixed (byte* start = memory)
        {
            var first = ((nint)start + Page - 1) / Page * Page;
            madvise((nint)first, (nuint)((nint)start + memory.Length - first), Advice);
        }
    }

    [LibraryImport("libc")]
    private static partial int madvise(nint start, nuint length, int advice);
}
