using System.Runtime.InteropServices;

namespace RewardKit.Training.Checkpoints;

/// <summary>Makes the system write what it holds in memory, so that it outlives a loss of power.</summary>
public static partial class Durable
{
    /// <summary>Waits until a file's content is on the disk.</summary>
    /// <param name="path">The file.</param>
    public static void File(string path)
    {
        using var file = System.IO.File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    /// <summary>Waits until a folder's names are on the disk: what was made, renamed or deleted directly in it.</summary>
    /// <param name="path">The folder.</param>
    public static void Folder(string path)
    {
        // .NET opens no folders. Where there is no fsync for them, or the file system knows none, the system's own order has to do.
        if (!OperatingSystem.IsLinux()) return;
        var handle = open(path, 0);
        if (handle < 0) return;
        _ = fsync(handle);
        _ = close(handle);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int fsync(int handle);

    [LibraryImport("libc")]
    private static partial int close(int handle);
}
